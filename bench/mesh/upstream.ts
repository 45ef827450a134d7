import { createServer } from 'node:net';

// A model server's stand-in that costs as little as it can: one fixed answer, with the address it was asked at.
const server = createServer({ noDelay: true }, (socket) => {
  const body = `{"at":"${socket.localAddress ?? ''}"}`;
  const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  // Envoy sends one request at a time on a connection, here always in one piece.
  socket.on('data', () => socket.write(answer));
  socket.on('error', () => undefined);
});

server.listen(0, '0.0.0.0', () => process.send?.((server.address() as { port: number }).port));
process.on('disconnect', () => process.exit(0));
