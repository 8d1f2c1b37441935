/** Help: what the program says of itself. */

export const help = `rivulet connect <url>

Opens a WebSocket connection, sends each line that you type or pipe in as a message, and prints
what comes. Messages go to the standard output, everything else to the standard error.

  rivulet connect ws://localhost:8081/ws
  echo hi | rivulet connect wss://example.org/echo
  rivulet connect wss://example.org/feed --json --reconnect | jq .text

Options
  -H, --header 'Name: value'   a header of the request; may be repeated
      --origin <origin>        the page on whose behalf it asks, as https://example.org
  -s, --subprotocol <name>     a subprotocol to offer, the best first; may be repeated
      --timeout <seconds>      how long the server may take to answer (10)
  -r, --reconnect              connects again, after a wait, where that can help
  -j, --json                   a JSON object a line, for each state, message and close
  -b, --binary <hex|base64>    lines are bytes written so, and are sent as binary messages;
                               binary messages are printed so, without this option as hex
  -n, --count <number>         closes when so many messages have come
  -w, --wait <seconds>         closes when the input has ended and nothing came for so long:
                               1 for a pipe, 0 for a terminal, forever with --count,
                               or 'forever' when said
  -h, --help
      --version

Ctrl+C closes with 1000, a second one does not wait for the server's answer.

Exits with 0 when the connection was closed by you, or by the server with 1000 or without a code;
with 1 when it never opened or ended in any other way; with 2 for arguments that make no sense.
`
