// A WebSocket peer on gorilla/websocket: see peers.ts for what it is told and says.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

var sizes = []int{0, 1, 125, 126, 65535, 65536, 1048576}

func say(what map[string]any) {
	line, _ := json.Marshal(what)
	fmt.Println(string(line))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func sendClose(c *websocket.Conn, code int, reason string) {
	message := websocket.FormatCloseMessage(code, reason)
	must(c.WriteControl(websocket.CloseMessage, message, time.Now().Add(5*time.Second)))
}

func ending(err error) (int, string) {
	if closed, ok := err.(*websocket.CloseError); ok {
		return closed.Code, closed.Text
	}
	return 0, err.Error()
}

func handle(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{EnableCompression: true}
	c, err := upgrader.Upgrade(w, r, nil)
	must(err)
	defer c.Close()
	c.SetPongHandler(func(mark string) error {
		if mark == "mark" {
			return c.WriteMessage(websocket.TextMessage, []byte("ponged"))
		}
		return nil
	})
	for {
		kind, message, err := c.ReadMessage()
		if err != nil {
			code, reason := ending(err)
			say(map[string]any{"code": code, "reason": reason})
			return
		}
		switch asked := string(message); {
		case strings.HasPrefix(asked, "close "):
			code, _ := strconv.Atoi(asked[6:])
			sendClose(c, code, "asked")
		case asked == "ping me":
			must(c.WriteControl(websocket.PingMessage, []byte("mark"), time.Now().Add(time.Second)))
		default:
			must(c.WriteMessage(kind, message))
		}
	}
}

func connect(url string, compression bool) *websocket.Conn {
	// a small buffer makes a frame of each piece that is flushed
	dialer := websocket.Dialer{EnableCompression: compression, WriteBufferSize: 4096}
	c, _, err := dialer.Dial(url, nil)
	must(err)
	return c
}

func echo(c *websocket.Conn) int {
	count := 0
	for _, size := range sizes {
		text := []byte(strings.ToValidUTF8(string([]byte(strings.Repeat("wïre ", size/5+1))[:size]), ""))
		data := make([]byte, size)
		for at := range data {
			data[at] = byte(at % 251)
		}
		ponged := ""
		c.SetPongHandler(func(mark string) error { ponged = mark; return nil })
		mark := strings.Repeat("x", len(data[:min(size, 125)]))
		must(c.WriteControl(websocket.PingMessage, []byte(mark), time.Now().Add(time.Second)))
		for kind, message := range map[int][]byte{websocket.TextMessage: text, websocket.BinaryMessage: data} {
			w, err := c.NextWriter(kind)
			must(err)
			_, err = w.Write(message)
			must(err)
			must(w.Close())
			gotKind, got, err := c.ReadMessage()
			must(err)
			if gotKind != kind || !bytes.Equal(got, message) {
				panic(fmt.Sprintf("%d bytes came back as %d", size, len(got)))
			}
			count++
		}
		if ponged != mark {
			panic("no pong")
		}
	}
	return count
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func main() {
	if os.Args[1] == "serve" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		must(err)
		say(map[string]any{"port": listener.Addr().(*net.TCPAddr).Port, "version": "Debian's"})
		must(http.Serve(listener, http.HandlerFunc(handle)))
	}
	url, compression := os.Args[2], os.Args[3] == "on"
	c := connect(url, compression)
	say(map[string]any{"echoed": echo(c)})
	sendClose(c, 1000, "")
	c.ReadMessage()
	c.Close()
	for _, each := range os.Args[4:] {
		code, _ := strconv.Atoi(each)
		c := connect(url, compression)
		sendClose(c, code, "theirs")
		_, _, err := c.ReadMessage()
		got, _ := ending(err)
		say(map[string]any{"closed": code, "code": got})
		c.Close()
		c = connect(url, compression)
		must(c.WriteMessage(websocket.TextMessage, []byte("close "+each)))
		_, _, err = c.ReadMessage()
		got, reason := ending(err)
		say(map[string]any{"asked": code, "code": got, "reason": reason})
		c.Close()
	}
	say(map[string]any{"done": true})
}
