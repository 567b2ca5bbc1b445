// A WebSocket with nothing between the test and the protocol.
import WebSocket from 'ws';
import { assert, socketUrl, within } from './client.mjs';

export const PROTOCOL = 'graphql-transport-ws';

/** Opens a socket; `take` waits for a matching message, `closed` for the close code. */
export async function open(protocols = [PROTOCOL]) {
  const socket = new WebSocket(socketUrl, protocols);
  const unread = [];
  let notify = () => {};
  const closed = new Promise((resolve) => {
    socket.on('close', (code, reason) => {
      resolve({ code, reason: String(reason) });
      notify();
    });
  });
  socket.on('message', (data) => {
    unread.push(JSON.parse(String(data)));
    notify();
  });
  await within(5_000, 'the opening handshake', new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  }));

  return {
    socket,
    unread,
    protocol: socket.protocol,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    closed: (ms = 5_000) => within(ms, 'the close', closed),
    close: () => socket.close(1000),
    /** The first message that matches, removed; what came before it stays unread. */
    async take(what, matches, ms = 10_000) {
      const found = async () => {
        for (;;) {
          const index = unread.findIndex(matches);
          if (index >= 0) return unread.splice(index, 1)[0];
          assert(socket.readyState === WebSocket.OPEN, `${what}: the socket is closed`);
          await new Promise((resolve) => (notify = resolve));
        }
      };
      return within(ms, what, found());
    },
  };
}

/** A socket that is acknowledged. */
export async function initialised(token) {
  const connection = await open();
  connection.send({ type: 'connection_init', payload: token ? { authorization: `Bearer ${token}` } : {} });
  await connection.take('connection_ack', (message) => message.type === 'connection_ack');
  return connection;
}
