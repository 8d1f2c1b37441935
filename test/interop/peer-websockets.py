"""A WebSocket peer on python3-websockets: see peers.ts for what it is told and says."""

import asyncio
import json
import sys

import websockets

SIZES = [0, 1, 125, 126, 65535, 65536, 1048576]


def say(**what):
    print(json.dumps(what), flush=True)


async def serve(_):
    async def handler(ws):
        try:
            async for message in ws:
                if isinstance(message, str) and message.startswith("close "):
                    await ws.close(int(message[6:]), "asked")
                elif message == "ping me":
                    await (await ws.ping(b"mark"))
                    await ws.send("ponged")
                else:
                    await ws.send(message)
        except websockets.ConnectionClosed:
            pass
        await ws.wait_closed()
        say(code=ws.close_code, reason=ws.close_reason)

    server = await websockets.serve(handler, "127.0.0.1", 0, max_size=2**24)
    say(port=server.sockets[0].getsockname()[1], version=websockets.__version__)
    await asyncio.Future()


async def dial(url, compression, codes):
    def connect():
        return websockets.connect(url, max_size=2**24, compression=compression)

    async with connect() as ws:
        count = 0
        for size in SIZES:
            text = ("wïre " * (size // 5 + 1)).encode()[:size].decode(errors="ignore")
            data = bytes(at % 251 for at in range(size))
            for message in [text, data]:
                await ws.send(message)
                assert await ws.recv() == message
                third = len(message) // 3 + 1
                await ws.send([message[at : at + third] for at in (0, third, 2 * third)])
                assert await ws.recv() == message
                count += 2
            await asyncio.wait_for(await ws.ping(b"x" * min(size, 125)), 5)
        say(echoed=count)
    for code in codes:
        async with connect() as ws:
            await ws.close(code, "theirs")
            say(closed=code, code=ws.close_code)
        async with connect() as ws:
            await ws.send("close %d" % code)
            await ws.wait_closed()
            say(asked=code, code=ws.close_code, reason=ws.close_reason)
    say(done=True)


mode, url, compression, *codes = sys.argv[1:]
if mode == "serve":
    asyncio.run(serve(url))
else:
    asyncio.run(dial(url, compression == "on" and "deflate" or None, [int(code) for code in codes]))
