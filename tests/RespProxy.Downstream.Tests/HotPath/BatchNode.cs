using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Downstream.Tests.HotPath;

/// <summary>
/// A node that answers as Redis does under a pipeline: all requests of one receive with one send, so that system calls can be counted.
/// Each connection has a blocking thread.
/// </summary>
internal sealed class BatchNode : IDisposable
{
    public const string Value = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly byte[] ValueReply = Wire.Bulk(Value);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _connections = [];
    private readonly List<Thread> _threads = [];
    private readonly Func<byte[]> _slots;
    private bool _stopped;

    private BatchNode(Func<byte[]> slots)
    {
        _slots = slots;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        StartThread(Accept);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public static BatchNode Standalone() => new(() => Wire.Error("ERR This instance has cluster support disabled"));

    /// <summary>Nodes that share the slots evenly.</summary>
    public static BatchNode[] Cluster(int count)
    {
        var nodes = new BatchNode[count];
        for (int i = 0; i < count; i++) nodes[i] = new BatchNode(() => SlotsOf(nodes));
        return nodes;
    }

    public void Dispose()
    {
        lock (_connections)
        {
            _stopped = true;
            _listener.Dispose();
            foreach (Socket connection in _connections) connection.Dispose();
        }

        foreach (Thread thread in _threads.ToArray()) Assert.True(thread.Join(Eventually.DefaultBound));
    }

    private static byte[] SlotsOf(BatchNode[] nodes) => Wire.Array([.. nodes.Select((node, i) => Wire.Array(
    [
        Wire.Integer(i * 16384 / nodes.Length),
        Wire.Integer(((i + 1) * 16384 / nodes.Length) - 1),
        Wire.Array([Wire.Bulk("127.0.0.1"), Wire.Integer(node.Port), Wire.Bulk(node.Port.ToString("x40", CultureInfo.InvariantCulture))]),
    ]))]);

    private void StartThread(Action work)
    {
        var thread = new Thread(() => RunUntilClosed(work)) { IsBackground = true };
        _threads.Add(thread);
        thread.Start();
    }

    private static void RunUntilClosed(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test or the proxy ended the connection.
        }
    }

    private void Accept()
    {
        while (true)
        {
            Socket connection = _listener.Accept();
            connection.NoDelay = true;
            lock (_connections)
            {
                if (_stopped) connection.Dispose();
                _connections.Add(connection);
                StartThread(() => Serve(connection));
            }
        }
    }

    private void Serve(Socket connection)
    {
        var reader = new RequestReader();
        byte[] input = new byte[1024 * 1024];
        int filled = 0;
        var replies = new MemoryStream();
        for (int count; (count = connection.Receive(input, filled, input.Length - filled, SocketFlags.None)) > 0;)
        {
            filled += count;
            int consumed = 0;
            replies.SetLength(0);
            while (reader.Read(input.AsSpan(consumed, filled - consumed), RequestLimits.Default, out int length) == ReadStatus.Request)
            {
                Answer(reader.View(input.AsSpan(consumed, filled - consumed), length), replies);
                consumed += length;
            }

            input.AsSpan(consumed, filled - consumed).CopyTo(input);
            filled -= consumed;
            connection.Send(replies.GetBuffer().AsSpan(0, (int)replies.Length));
        }
    }

    private void Answer(RequestView request, MemoryStream replies)
    {
        if (request[0].SequenceEqual("GET"u8)) replies.Write(ValueReply);
        else if (request[0].SequenceEqual("SET"u8)) replies.Write(Wire.Ok);
        else if (request[0].SequenceEqual("MGET"u8)) replies.Write(Wire.Array([.. Enumerable.Repeat(ValueReply, request.Count - 1)]));
        else if (request[0].SequenceEqual("CLIENT"u8)) replies.Write(Wire.Ok);
        else if (request[0].SequenceEqual("PING"u8)) replies.Write(Wire.Simple("PONG"));
        else if (request[0].SequenceEqual("HELLO"u8) && request[1].SequenceEqual("3"u8)) replies.Write(Wire.Bytes("%1\r\n$5\r\nproto\r\n:3\r\n"));
        else if (request[0].SequenceEqual("HELLO"u8)) replies.Write(Wire.Array([Wire.Bulk("proto"), Wire.Integer(2)]));
        else if (request.Count > 1 && request[1].SequenceEqual("SLOTS"u8)) replies.Write(_slots());
        else if (request.Count > 1 && request[1].SequenceEqual("INFO"u8)) replies.Write(Wire.Bulk("cluster_state:ok\r\ncluster_current_epoch:1\r\ncluster_my_epoch:1\r\n"));
        else replies.Write(Wire.Error("ERR unknown subcommand"));
    }
}
