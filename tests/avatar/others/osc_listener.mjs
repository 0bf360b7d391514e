// npm's `node-osc` (Apache-2.0) at the port given as the argument: prints each packet it takes as a
// line of JSON, a bundle as a list of messages.
import { Server } from 'node-osc';

const server = new Server(Number(process.argv[2]), '127.0.0.1', () => process.stderr.write('ready\n'));
server.on('message', (message) => console.log(JSON.stringify({ message })));
server.on('bundle', (bundle) => console.log(JSON.stringify({ bundle: bundle.elements })));
