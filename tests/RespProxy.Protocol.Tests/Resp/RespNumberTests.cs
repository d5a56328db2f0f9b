using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

public class RespNumberTests
{
    [Fact]
    public void Any_integer_is_parsed_from_its_decimal_text() =>
        Prop.ForAll(Gen.OneOf(ArbMap.Default.GeneratorFor<long>(), Gen.Elements(long.MinValue, long.MaxValue, 0, -1)).ToArbitrary(), number =>
        {
            Assert.True(RespNumber.TryParse(Wire.Bytes(number.ToString(CultureInfo.InvariantCulture)), out long value));
            Assert.Equal(number, value);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("-0")]
    [InlineData("00")]
    [InlineData("01")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1a")]
    [InlineData("1.0")]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775809")]
    [InlineData("18446744073709551616")]
    [InlineData("99999999999999999999")]
    [InlineData("100000000000000000000")]
    public void What_Redis_takes_for_no_integer_is_none(string text) =>
        Assert.False(RespNumber.TryParse(Wire.Bytes(text), out _));

    [Fact]
    public void A_length_line_is_read_the_same_wherever_it_stands_and_however_much_follows()
    {
        foreach (int number in (int[])[0, 7, 10, 99, 100, 12345, int.MaxValue])
        {
            string line = string.Create(CultureInfo.InvariantCulture, $"{number}\r\n");
            foreach (string before in (string[])["", "$", "abc\r\n$"])
            {
                foreach (string after in (string[])["", "1", "\r\n\r\n"])
                {
                    Assert.Equal(before.Length + line.Length, RespNumber.ReadLine(Wire.Bytes(before + line + after), before.Length, out long value));
                    Assert.Equal(number, value);
                }
            }

            for (int length = 0; length < line.Length; length++)
                Assert.Equal(RespNumber.Incomplete, RespNumber.ReadLine(Wire.Bytes(line[..length]), 0, out _));
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(9, 1)]
    [InlineData(10, 2)]
    [InlineData(99, 2)]
    [InlineData(100, 3)]
    [InlineData(999, 3)]
    [InlineData(1000, 4)]
    [InlineData(9999, 4)]
    [InlineData(10_000, 5)]
    [InlineData(999_999_999, 9)]
    [InlineData(1_000_000_000, 10)]
    [InlineData(int.MaxValue, 10)]
    public void A_length_is_written_in_as_many_digits_as_it_has(int value, int digits)
    {
        byte[] destination = new byte[digits];
        Assert.Equal(digits, RespNumber.DigitCount(value));
        Assert.Equal(digits, RespNumber.Write(destination, value));
        Assert.Equal(value.ToString(CultureInfo.InvariantCulture), Wire.Text(destination));
    }
}
