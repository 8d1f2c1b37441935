/** The names of other libraries, as their sources and their documentation have them. */

/** By the page that says what each is here. */
export const foreignNames = {
  // 1.5.0, and what came since
  'from-gorilla.md': split(`
    BinaryMessage BufferPool CloseAbnormalClosure CloseError CloseError.Code CloseError.Text
    CloseGoingAway CloseInternalServerErr CloseInvalidFramePayloadData CloseMandatoryExtension
    CloseMessage CloseMessageTooBig CloseNoStatusReceived CloseNormalClosure ClosePolicyViolation
    CloseProtocolError CloseServiceRestart CloseTLSHandshake CloseTryAgainLater
    CloseUnsupportedData Conn Conn.Close Conn.CloseHandler Conn.EnableWriteCompression
    Conn.LocalAddr Conn.NetConn Conn.NextReader Conn.NextWriter Conn.PingHandler Conn.PongHandler
    Conn.ReadJSON Conn.ReadMessage Conn.RemoteAddr Conn.SetCloseHandler Conn.SetCompressionLevel
    Conn.SetPingHandler Conn.SetPongHandler Conn.SetReadDeadline Conn.SetReadLimit
    Conn.SetWriteDeadline Conn.Subprotocol Conn.UnderlyingConn Conn.WriteControl Conn.WriteJSON
    Conn.WriteMessage Conn.WritePreparedMessage DefaultDialer Dialer Dialer.Dial
    Dialer.DialContext Dialer.EnableCompression Dialer.HandshakeTimeout Dialer.Jar Dialer.NetDial
    Dialer.NetDialContext Dialer.NetDialTLSContext Dialer.Proxy Dialer.ReadBufferSize
    Dialer.Subprotocols Dialer.TLSClientConfig Dialer.WriteBufferPool Dialer.WriteBufferSize
    ErrBadHandshake ErrCloseSent ErrReadLimit FormatCloseMessage HandshakeError IsCloseError
    IsUnexpectedCloseError IsWebSocketUpgrade JoinMessages NewClient NewPreparedMessage
    PingMessage PongMessage PreparedMessage ReadJSON Subprotocols TextMessage Upgrade Upgrader
    Upgrader.CheckOrigin Upgrader.EnableCompression Upgrader.Error Upgrader.HandshakeTimeout
    Upgrader.ReadBufferSize Upgrader.Subprotocols Upgrader.Upgrade Upgrader.WriteBufferPool
    Upgrader.WriteBufferSize WriteJSON
  `),
  // 0.7.0
  'from-x-net-websocket.md': split(`
    Addr Addr.Network BinaryFrame CloseFrame Codec Codec.Marshal Codec.Receive Codec.Send
    Codec.Unmarshal Config Config.Dialer Config.Header Config.Location Config.Origin
    Config.Protocol Config.TlsConfig Config.Version Conn Conn.Close Conn.Config Conn.IsClientConn
    Conn.IsServerConn Conn.LocalAddr Conn.MaxPayloadBytes Conn.PayloadType Conn.Read
    Conn.RemoteAddr Conn.Request Conn.SetDeadline Conn.SetReadDeadline Conn.SetWriteDeadline
    Conn.Write ContinuationFrame DefaultMaxPayloadBytes Dial DialConfig DialError DialError.Config
    DialError.Err ErrBadClosingStatus ErrBadFrame ErrBadFrameBoundary ErrBadMaskingKey
    ErrBadPongMessage ErrBadProtocolVersion ErrBadRequestMethod ErrBadScheme ErrBadStatus
    ErrBadUpgrade ErrBadWebSocketLocation ErrBadWebSocketOrigin ErrBadWebSocketProtocol
    ErrBadWebSocketVersion ErrChallengeResponse ErrFrameTooLarge ErrNotImplemented ErrNotSupported
    ErrNotWebSocket ErrUnsupportedExtensions Handler Handler.ServeHTTP JSON Message NewClient
    NewConfig Origin PingFrame PongFrame ProtocolError ProtocolError.ErrorString
    ProtocolVersionHybi ProtocolVersionHybi13 Server Server.Config Server.Handler Server.Handshake
    Server.ServeHTTP SupportedProtocolVersion TextFrame UnknownFrame
  `),
  // 8.21, its doc/ws.md
  'from-ws.md': split(`
    CLOSED CLOSING CONNECTING OPEN WS_ERR_EXPECTED_FIN WS_ERR_EXPECTED_MASK
    WS_ERR_INVALID_CLOSE_CODE WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH WS_ERR_INVALID_OPCODE
    WS_ERR_INVALID_UTF8 WS_ERR_TOO_MANY_BUFFERED_PARTS WS_ERR_UNEXPECTED_MASK
    WS_ERR_UNEXPECTED_RSV_1 WS_ERR_UNEXPECTED_RSV_2_3 WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH
    WS_ERR_UNSUPPORTED_MESSAGE_LENGTH WS_NO_BUFFER_UTIL WS_NO_UTF_8_VALIDATE WebSocket
    WebSocketServer allowSynchronousEvents autoPong backlog binary clientMaxWindowBits
    clientNoContextTakeover clientTracking close closeTimeout compress concurrencyLimit connection
    createWebSocketStream error fin finishRequest followRedirects generateMask handleProtocols
    handshakeTimeout headers host listening mask maxBufferedChunks maxFragments maxPayload
    maxRedirects message noServer open origin path perMessageDeflate ping pong port
    protocolVersion redirect server server.address server.clients server.close
    server.handleUpgrade server.shouldHandle serverMaxWindowBits serverNoContextTakeover
    skipUTF8Validation threshold unexpected-response upgrade verifyClient
    websocket.addEventListener websocket.binaryType websocket.bufferedAmount websocket.close
    websocket.extensions websocket.isPaused websocket.onclose websocket.onerror
    websocket.onmessage websocket.onopen websocket.pause websocket.ping websocket.pong
    websocket.protocol websocket.readyState websocket.removeEventListener websocket.resume
    websocket.send websocket.terminate websocket.url wsClientError zlibDeflateOptions
    zlibInflateOptions
  `),
  // 4.8, its type definitions
  'from-socket.io.md': split(`
    Manager RemoteSocket Socket ackTimeout adapter addTrailingSlash agent allowRequest
    allowUpgrades auth autoConnect autoUnref ca cert ciphers cleanupEmptyChildNamespaces
    closeOnBeforeunload connect connectTimeout connect_error connectionStateRecovery cookie cors
    destroyUpgrade destroyUpgradeTimeout disconnect disconnecting emitWithAck encoder extraHeaders
    forceNew httpCompression httpRequestBodyTimeout httpServer initialPacket io.allSockets
    io.attach io.attachApp io.bind io.close io.compress io.disconnectSockets io.emit io.engine
    io.except io.fetchSockets io.in io.listen io.local io.of io.send io.serverSideEmit io.sockets
    io.socketsJoin io.socketsLeave io.timeout io.to io.use io.volatile io.write key
    maxBufferedChunks maxHttpBufferSize multiplex new_namespace parser passphrase path
    perMessageDeflate pfx pingInterval pingTimeout protocols query randomizationFactor
    receiveBuffer reconnect reconnect_attempt reconnect_error reconnect_failed reconnection
    reconnectionAttempts reconnectionDelay reconnectionDelayMax rejectUnauthorized rememberUpgrade
    requestTimeout retries sendBuffer serveClient serverSideEmitWithAck socket.active
    socket.broadcast socket.client socket.close socket.conn socket.connect socket.connected
    socket.data socket.disconnect socket.disconnected socket.emit socket.handshake socket.id
    socket.join socket.leave socket.listenersAny socket.listenersAnyOutgoing socket.nsp
    socket.offAny socket.offAnyOutgoing socket.onAny socket.onAnyOutgoing socket.open
    socket.prependAny socket.prependAnyOutgoing socket.recovered socket.request socket.rooms
    socket.send socket.use socket.write timeout timestampParam timestampRequests
    transportImplementations transportOptions transports tryAllTransports upgrade upgradeTimeout
    useNativeTimers withCredentials wsEngine
  `),
  // 7.8
  'from-rxjs-websocket.md': split(`
    url protocol deserializer serializer openObserver closeObserver closingObserver WebSocketCtor
    binaryType multiplex complete error next subscribe
  `),
}

function split(names: string): string[] {
  return names.trim().split(/\s+/)
}
