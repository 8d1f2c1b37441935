// The servers on gorilla/websocket: `gorilla echo`, `gorilla fan`.
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

var (
	mutex   sync.Mutex
	clients = map[*websocket.Conn]bool{}
)

func fan(message string) {
	count, _ := strconv.Atoi(message)
	mutex.Lock()
	defer mutex.Unlock()
	for number := 0; number < count; number++ {
		text := fmt.Sprintf("news %d", number)
		text += strings.Repeat(".", 64-len(text))
		prepared, _ := websocket.NewPreparedMessage(websocket.TextMessage, []byte(text))
		for client := range clients {
			client.WritePreparedMessage(prepared)
		}
	}
}

func main() {
	role := os.Args[1]
	runtime.GOMAXPROCS(1)
	http.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		conn, err := upgrader.Upgrade(response, request, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		mutex.Lock()
		clients[conn] = true
		mutex.Unlock()
		defer func() {
			mutex.Lock()
			delete(clients, conn)
			mutex.Unlock()
		}()
		for {
			kind, message, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if role == "fan" {
				fan(string(message))
			} else if conn.WriteMessage(kind, message) != nil {
				return
			}
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go http.Serve(listener, nil)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		runtime.GC()
		debug.FreeOSMemory()
		fmt.Println("collected")
	}
}
