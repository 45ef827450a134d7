import { createServer } from 'node:http2';

// A model server's stand-in for gRPC: one fixed answer, an empty ModelInferResponse with a name.
const answer = Buffer.from('\0\0\0\0\x07\n\x05model', 'latin1');

const server = createServer();
server.on('stream', (stream) => {
  stream.on('error', () => undefined);
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(answer);
  });
  stream.resume();
});
server.on('sessionError', () => undefined);
server.listen(0, '0.0.0.0', () => process.send?.((server.address() as { port: number }).port));
process.on('disconnect', () => process.exit(0));
