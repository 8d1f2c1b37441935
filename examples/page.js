// Shared by the pages: a WebSocket that comes back by itself, and a line that says how it stands.

const part = name => document.querySelector(`[data-testid='${name}']`)

// the server has it: a page from a file cannot know whether there is one
if (location.protocol === 'file:') part('observatory')?.setAttribute('hidden', '')

/** Where the server of this page is, also for a page that was opened from a file. */
function addressOf(query = '') {
  const { protocol, origin, search } = location
  const given = new URLSearchParams(search).get('url')
  const own = protocol === 'file:' ? 'ws://localhost:8081' : origin.replace('http', 'ws')
  return (given ?? `${own}/ws`) + query
}

/** Whether it makes sense to come back: not when this side is done, or is not wanted. */
const comesBack = code => code !== 1000 && code !== 1008 && code < 3000

const sentences = {
  1000: 'closed',
  1001: 'the server has stopped',
  1006: 'the server is not there',
  1008: 'the server did not take that',
  1011: 'the server met an error',
  1012: 'the server restarts',
  1013: 'this page was too slow',
}

/**
 * Opens a WebSocket, and another when it is lost: after 0.25 s, then twice as long each time, up to
 * 4 s, less a part by chance, so that many pages do not come back at once.
 */
function stayConnected({ query, opened, message, closed, told = tell }) {
  let socket
  let tries = 0
  let timer
  const open = () => {
    clearTimeout(timer)
    told('connecting', tries > 0 ? 'connecting again' : 'connecting')
    socket = new WebSocket(addressOf(typeof query === 'function' ? query() : query))
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      tries = 0
      told('open', 'open')
      opened?.(socket)
    }
    socket.onmessage = ({ data }) => message(data)
    socket.onclose = ({ code, reason }) => {
      closed?.(code, reason)
      const why = sentences[code] ?? (reason || `closed with ${code}`)
      if (!comesBack(code)) return told('closed', why)
      const wait = Math.min(250 * 2 ** tries++, 4_000)
      timer = setTimeout(open, wait * (0.5 + Math.random() / 2))
      told('closed', `${why}; trying again`)
    }
  }
  open()
  return {
    open,
    /** Whether it could be sent: not while there is no connection. */
    send(data) {
      if (socket.readyState !== WebSocket.OPEN) return false
      socket.send(data)
      return true
    },
    close(reason) {
      clearTimeout(timer)
      if (socket.readyState === WebSocket.CLOSED) told('closed', 'closed')
      else socket.close(1000, reason)
    },
  }
}

function tell(state, sentence) {
  document.body.dataset.state = state
  part('state').textContent = sentence
}

/** Adds a line to a list, and takes the oldest away where there are too many. */
function addLine(list, cells, { first = false, kept = 200 } = {}) {
  const item = document.createElement('li')
  for (const cell of cells) {
    item.append(document.createElement('span'))
    item.lastChild.textContent = cell
  }
  if (first) list.prepend(item)
  else list.append(item)
  if (list.children.length > kept) list[first ? 'lastElementChild' : 'firstElementChild'].remove()
  return item
}
