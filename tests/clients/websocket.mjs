// graphql-transport-ws to the letter, without a client library in between.
//   node websocket.mjs <base url>
import { assert, assertEqual, main, report, signUp } from './client.mjs';
import { sendMessage } from './chat.mjs';
import { PROTOCOL, initialised, open } from './rawSocket.mjs';

const QUERY = '{ __typename }';
const LONG = Array.from({ length: 80 }, (_, i) => `word${i}`).join(' ');

await main(async () => {
  const { token } = await signUp('Socket');
  await negotiatesTheProtocol();
  await closesOnInvalidMessages(token);
  await closesOnSubscribeBeforeInit();
  await closesOnSecondInit(token);
  await refusesAWrongToken();
  await answersPings(token);
  await reportsInvalidDocuments(token);
  await completesQueries(token);
  await closesOnDuplicateIds(token);
  await runsTwoOperationsAtOnce(token);
  await stopsWhenTheClientCompletes(token);
  await closesWithoutInit();
});

async function negotiatesTheProtocol() {
  const connection = await open();
  assertEqual(connection.protocol, PROTOCOL, 'the agreed sub-protocol');
  connection.close();
  report('agrees on graphql-transport-ws');

  const { code } = await (await open([])).closed();
  assertEqual(code, 4406, 'the close code without a sub-protocol');
  report('4406 without a sub-protocol');
}

async function closesOnInvalidMessages(token) {
  const invalid = [
    ['not JSON', 'hello'],
    ['no type', '{}'],
    ['an unknown type', '{"type":"greet"}'],
    ['a list', '[]'],
    ['subscribe without id', { type: 'subscribe', payload: { query: QUERY } }],
    ['subscribe with an empty id', { type: 'subscribe', id: '', payload: { query: QUERY } }],
    ['subscribe without payload', { type: 'subscribe', id: '1' }],
    ['subscribe without query', { type: 'subscribe', id: '1', payload: {} }],
    ['complete without id', { type: 'complete' }],
    ['a payload that is no object', { type: 'ping', payload: 1 }],
  ];
  for (const [what, message] of invalid) {
    const connection = await initialised(token);
    connection.send(message);
    assertEqual((await connection.closed()).code, 4400, `the close code after ${what}`);
  }
  report('4400 after an invalid message', { kinds: invalid.length });
}

async function closesOnSubscribeBeforeInit() {
  const connection = await open();
  connection.send({ type: 'subscribe', id: '1', payload: { query: QUERY } });
  assertEqual((await connection.closed()).code, 4401, 'the close code of a subscribe before connection_init');
  report('4401 for a subscribe before connection_init');
}

async function closesOnSecondInit(token) {
  const connection = await initialised(token);
  connection.send({ type: 'connection_init' });
  assertEqual((await connection.closed()).code, 4429, 'the close code of a second connection_init');
  report('4429 for a second connection_init');
}

async function refusesAWrongToken() {
  const connection = await open();
  connection.send({ type: 'connection_init', payload: { authorization: 'Bearer nobody' } });
  assertEqual((await connection.closed()).code, 4403, 'the close code of a wrong token');
  report('4403 for a wrong token');
}

async function answersPings(token) {
  const before = await open();
  before.send({ type: 'ping' });
  await before.take('pong before connection_init', (message) => message.type === 'pong');
  before.close();

  const connection = await initialised(token);
  connection.send({ type: 'ping', payload: { at: 42 } });
  const pong = await connection.take('pong', (message) => message.type === 'pong');
  assertEqual(pong.payload, { at: 42 }, "the pong's payload");
  connection.send({ type: 'pong' });
  await answerTo(connection, 'after-pong');
  connection.close();
  report('pong carries the payload of the ping');
}

async function reportsInvalidDocuments(token) {
  const connection = await initialised(token);
  for (const [what, query] of [
    ['an unknown field', '{ thisFieldIsNot }'],
    ['a document that does not parse', '{'],
    ['a subscription with an unknown argument', 'subscription { executionEvents(nope: 1) { seq } }'],
  ]) {
    connection.send({ type: 'subscribe', id: what, payload: { query } });
    const answer = await connection.take(`error for ${what}`, (message) => message.id === what);
    assertEqual(answer.type, 'error', `the message for ${what}`);
    assert(Array.isArray(answer.payload) && answer.payload[0]?.message, () => `the error for ${what} lists no errors: ${JSON.stringify(answer)}`);
    await answerTo(connection, `${what}, and on`);
    assert(!connection.unread.some((message) => message.id === what), `${what}: something follows the error`);
  }
  connection.close();
  report('error for an invalid document, and the socket goes on');
}

async function completesQueries(token) {
  const connection = await initialised(token);
  connection.send({
    type: 'subscribe',
    id: 'q',
    payload: { query: 'query A { a: __typename } query B($x: Boolean!) { b: __typename @include(if: $x) }', operationName: 'B', variables: { x: true } },
  });
  const next = await connection.take('next', (message) => message.id === 'q');
  assertEqual(next.payload.data, { b: 'Query' }, 'the answer of the chosen operation');
  assertEqual((await connection.take('complete', (message) => message.id === 'q')).type, 'complete', 'after the answer');
  await answerTo(connection, 'q'); // a completed id may be used again
  connection.close();
  report('a query is answered and completed, and its id is free again');
}

async function closesOnDuplicateIds(token) {
  const connection = await initialised(token);
  const subscribe = subscription('twice', await startGeneration(token));
  connection.send(subscribe);
  connection.send(subscribe);
  assertEqual((await connection.closed()).code, 4409, 'the close code of a duplicate id');
  report('4409 for a duplicate id');
}

async function runsTwoOperationsAtOnce(token) {
  const connection = await initialised(token);
  const generation = await startGeneration(token);
  connection.send(subscription('first', generation));
  await connection.take('the first event', (message) => message.id === 'first' && message.type === 'next');
  await answerTo(connection, 'query beside it');
  connection.send(subscription('second', generation));
  for (const id of ['first', 'second']) {
    await connection.take(`complete of ${id}`, (message) => message.id === id && message.type === 'complete', 60_000);
    const last = connection.unread.filter((message) => message.id === id && message.type === 'next').at(-1);
    assertEqual(last.payload.data.generationEvents.event.__typename, 'GenerationCompleted', `the last event of ${id}`);
  }
  connection.close();
  report('operations run beside each other on a socket');
}

async function stopsWhenTheClientCompletes(token) {
  const connection = await initialised(token);
  const generation = await startGeneration(token);
  connection.send(subscription('stopped', generation));
  connection.send(subscription('witness', generation));
  await connection.take('the first event', (message) => message.id === 'stopped' && message.type === 'next');
  connection.send({ type: 'complete', id: 'stopped' });
  // The pong follows what the server had sent before it read the complete; one event may have been on its way.
  connection.send({ type: 'ping' });
  await connection.take('pong', (message) => message.type === 'pong');
  connection.unread.length = 0;
  await connection.take('the end of the other stream', (message) => message.id === 'witness' && message.type === 'complete', 60_000);
  const after = connection.unread.filter((message) => message.id === 'stopped');
  const witnessed = connection.unread.filter((message) => message.id === 'witness');
  assert(witnessed.length > 5, `the other stream saw only ${witnessed.length} more events: too few to show anything`);
  assert(after.length <= 1, `${after.length} messages of a stream that the client has completed`);
  assert(after.every((message) => message.type === 'next'), () => `the client's complete was answered: ${JSON.stringify(after)}`);
  connection.close();
  report('complete from the client stops the stream and is not echoed');
}

async function closesWithoutInit() {
  const patience = 5_000;
  const outcome = await (await open()).closed(patience).catch(() => null);
  if (!outcome) return report('4408 without connection_init', { skipped: `the server waits longer than ${patience} ms` });
  assertEqual(outcome.code, 4408, 'the close code without connection_init');
  return report('4408 without connection_init');
}

/** An answer that takes a while to write, to have something to watch. */
async function startGeneration(token) {
  return (await sendMessage(token, { text: LONG, cache: 'BYPASS' })).generation.id;
}

function subscription(id, generationId) {
  const query = 'subscription($id: ID!) { generationEvents(generationId: $id) { seq event { __typename } } }';
  return { type: 'subscribe', id, payload: { query, variables: { id: generationId } } };
}

/** The socket still serves: a query under this id is answered and completed. */
async function answerTo(connection, id) {
  connection.send({ type: 'subscribe', id, payload: { query: QUERY } });
  const next = await connection.take(`the answer to ${id}`, (message) => message.id === id);
  assertEqual([next.type, next.payload?.data], ['next', { __typename: 'Query' }], `the answer to ${id}`);
  await connection.take(`complete of ${id}`, (message) => message.id === id && message.type === 'complete');
}
