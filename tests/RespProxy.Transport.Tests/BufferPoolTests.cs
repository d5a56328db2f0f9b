namespace RespProxy.Transport.Tests;

public class BufferPoolTests
{
    [Theory]
    [InlineData(0, 1024)]
    [InlineData(1, 1024)]
    [InlineData(1024, 1024)]
    [InlineData(1025, 2048)]
    [InlineData(2 * 1024 * 1024, 2 * 1024 * 1024)]
    [InlineData((2 * 1024 * 1024) + 1, 4 * 1024 * 1024)]
    public void Arrays_are_the_next_power_of_two(int minimum, int expected) =>
        Assert.Equal(expected, new BufferPool().Rent(minimum).Length);

    [Fact]
    public void The_last_returned_is_the_next_rented()
    {
        var pool = new BufferPool();
        byte[] first = pool.Rent(5000), second = pool.Rent(5000);
        pool.Return(first);
        pool.Return(second);
        Assert.Same(second, pool.Rent(8192));
        Assert.Same(first, pool.Rent(4097));
    }

    [Fact]
    public void What_the_pool_holds_is_bounded()
    {
        var pool = new BufferPool();
        var rented = Enumerable.Range(0, 40).Select(_ => pool.Rent(1 << 20)).ToList();
        rented.ForEach(pool.Return);
        Assert.Equal(BufferPool.HoldLimit, pool.HeldBytes);
        pool.Return(pool.Rent(3 << 20));
        Assert.Equal(BufferPool.HoldLimit, pool.HeldBytes);
    }

    [Fact]
    public void Trimming_keeps_what_was_in_use_since_the_last_trim()
    {
        var pool = new BufferPool();
        var rented = Enumerable.Range(0, 10).Select(_ => pool.Rent(4096)).ToList();
        rented.ForEach(pool.Return);
        pool.Trim();
        Assert.Equal(10 * 4096, pool.HeldBytes);
        byte[] a = pool.Rent(4096), b = pool.Rent(4096);
        pool.Return(a);
        pool.Return(b);
        pool.Trim();
        Assert.Equal(2 * 4096, pool.HeldBytes);
        pool.Trim();
        Assert.Equal(0, pool.HeldBytes);
        Assert.Equal(4096, pool.Rent(4096).Length);
    }
}
