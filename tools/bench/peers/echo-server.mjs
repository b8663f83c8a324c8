/** A bare Express server that answers each JSON body with itself: what HTTP costs without anything behind it. */
import express from 'express';

const app = express();
app.use(express.json());
app.post('/', (request, response) => response.json(request.body));
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${String(server.address().port)}\n`);
});
