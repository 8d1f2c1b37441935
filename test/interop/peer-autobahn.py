"""A WebSocket peer on python3-autobahn: see peers.ts for what it is told and says."""

import asyncio
import json
import sys

import autobahn
from autobahn.asyncio.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateOfferAccept,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)

SIZES = [0, 1, 125, 126, 65535, 65536, 1048576]


def say(**what):
    print(json.dumps(what), flush=True)


class Server(WebSocketServerProtocol):
    def onMessage(self, payload, isBinary):
        if payload.startswith(b"close "):
            self.sendClose(int(payload[6:]), "asked")
        elif payload == b"ping me":
            self.sendPing(b"mark")
        else:
            self.sendMessage(payload, isBinary)

    def onPong(self, payload):
        if payload == b"mark":
            self.sendMessage(b"ponged")

    def onClose(self, wasClean, code, reason):
        say(code=self.remoteCloseCode, reason=self.remoteCloseReason)


def accept(offers):
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer):
            return PerMessageDeflateOfferAccept(offer)


async def serve():
    factory = WebSocketServerFactory()
    factory.protocol = Server
    factory.setProtocolOptions(perMessageCompressionAccept=accept)
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    say(port=server.sockets[0].getsockname()[1], version=autobahn.__version__)
    await asyncio.Future()


class Client(WebSocketClientProtocol):
    def onOpen(self):
        self.factory.opened.set_result(self)

    def onMessage(self, payload, isBinary):
        self.factory.inbox.put_nowait((payload, isBinary))

    def onPong(self, payload):
        self.factory.inbox.put_nowait(("pong", payload))

    def onClose(self, wasClean, code, reason):
        self.factory.closed.set_result((self.remoteCloseCode, self.remoteCloseReason))


async def connect(url, compression):
    loop = asyncio.get_running_loop()
    factory = WebSocketClientFactory(url)
    factory.protocol = Client
    factory.inbox = asyncio.Queue()
    factory.opened, factory.closed = loop.create_future(), loop.create_future()
    if compression:
        factory.setProtocolOptions(
            perMessageCompressionOffers=[PerMessageDeflateOffer()],
            perMessageCompressionAccept=lambda answer: PerMessageDeflateResponseAccept(answer)
            if isinstance(answer, PerMessageDeflateResponse)
            else None,
        )
    await loop.create_connection(factory, factory.host, factory.port)
    return await factory.opened, factory


async def dial(url, compression, codes):
    ws, peer = await connect(url, compression)
    count = 0
    for size in SIZES:
        text = ("wïre " * (size // 5 + 1)).encode()[:size].decode(errors="ignore").encode()
        data = bytes(at % 251 for at in range(size))
        for message, binary in [(text, False), (data, True)]:
            for piece in [None, len(message) // 3 + 1]:
                ws.sendMessage(message, binary, fragmentSize=piece)
                assert await peer.inbox.get() == (message, binary)
                count += 1
        ws.sendPing(b"x" * min(size, 125))
        assert await peer.inbox.get() == ("pong", b"x" * min(size, 125))
    say(echoed=count)
    ws.sendClose(1000)
    await peer.closed
    for code in codes:
        if code == 1000 or code >= 3000:
            ws, peer = await connect(url, compression)
            ws.sendClose(code, "theirs")
            say(closed=code, code=(await peer.closed)[0])
        ws, peer = await connect(url, compression)
        ws.sendMessage(b"close %d" % code)
        got, reason = await peer.closed
        say(asked=code, code=got, reason=reason)
    say(done=True)


mode, url, compression, *codes = sys.argv[1:]
if mode == "serve":
    asyncio.run(serve())
else:
    asyncio.run(dial(url, compression == "on", [int(code) for code in codes]))
