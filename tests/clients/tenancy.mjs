// Two organizations: every id of one is NOT_FOUND to the other, wherever an id is taken.
//   node tenancy.mjs <base url>
import { ask, assert, assertEqual, connect, gql, main, report, signUp, watch, within } from './client.mjs';
import { GENERATION_EVENTS, sendMessage } from './chat.mjs';
import { EXECUTION_EVENTS, buildFlow, publishFlow, startTarget } from './flows.mjs';

await main(async () => {
  const owner = await signUp('Owner');
  const stranger = await signUp('Stranger');
  const target = await startTarget();
  try {
    const ids = await make(owner, target.url);
    await watchable(owner, ids);
    for (const [what, query, variables] of requests(ids)) {
      await refused(stranger, what, query, variables);
      report(`NOT_FOUND: ${what}`);
    }
    await nodesAreNull(stranger, ids);
    await subscriptionsAreRefused(stranger, ids);
    await listsAreEmpty(stranger);
    await nothingChanged(owner, ids);
  } finally {
    target.close();
  }
});

/** One of each thing that has an id. */
async function make({ token }, targetUrl) {
  const draft = await buildFlow(token, 'Private', targetUrl);
  await publishFlow(token, draft.id);
  const { runFlow } = await gql(
    token,
    'mutation($input: RunFlowInput!) { runFlow(input: $input) { execution { id version { id } } } }',
    { input: { flowId: draft.id, payload: { body: { name: 'Ada' } } } },
  );
  const sent = await sendMessage(token, { text: 'A private word.' });
  return {
    flow: draft.id,
    draft: draft.draft.id,
    step: draft.draft.steps[0].id,
    version: runFlow.execution.version.id,
    execution: runFlow.execution.id,
    thread: sent.thread.id,
    message: sent.userMessage.id,
    generation: sent.generation.id,
  };
}

/** The owner sees both through to their end: what is refused later is refused for its owner alone. */
async function watchable({ token }, ids) {
  const { client } = connect(token);
  await within(30_000, "the owner's executionEvents", watch(client, EXECUTION_EVENTS, { id: ids.execution }).done);
  await within(30_000, "the owner's generationEvents", watch(client, GENERATION_EVENTS, { id: ids.generation }).done);
  await client.dispose();
  const { execution } = await gql(token, 'query($id: ID!) { execution(id: $id) { steps { nodes { id } } } }', { id: ids.execution });
  ids.executionStep = execution.steps.nodes[0].id;
  report('the owner reads and watches');
}

function requests(ids) {
  const byId = (field) => `query($id: ID!) { ${field}(id: $id) { id } }`;
  const mutation = (field, inputType, selection) =>
    `mutation($input: ${inputType}!) { ${field}(input: $input) { ${selection} } }`;
  return [
    ['flow', byId('flow'), { id: ids.flow }],
    ['execution', byId('execution'), { id: ids.execution }],
    ['thread', byId('thread'), { id: ids.thread }],
    ['generation', byId('generation'), { id: ids.generation }],
    ...Object.entries(ids).map(([kind, id]) => [`node of a ${kind}`, byId('node'), { id }]),
    ['publishFlow', mutation('publishFlow', 'PublishFlowInput', 'flow { id }'), { input: { flowId: ids.flow } }],
    ['pauseFlow', mutation('pauseFlow', 'PauseFlowInput', 'flow { id }'), { input: { flowId: ids.flow } }],
    ['deleteFlow', mutation('deleteFlow', 'DeleteFlowInput', 'deletedId'), { input: { flowId: ids.flow } }],
    ['runFlow', mutation('runFlow', 'RunFlowInput', 'execution { id }'), { input: { flowId: ids.flow } }],
    ['cancelExecution', mutation('cancelExecution', 'CancelExecutionInput', 'execution { id }'), { input: { executionId: ids.execution } }],
    ['retryExecution', mutation('retryExecution', 'RetryExecutionInput', 'execution { id }'), { input: { executionId: ids.execution, fromStep: 'START' } }],
    ['cancelGeneration', mutation('cancelGeneration', 'CancelGenerationInput', 'generation { id }'), { input: { generationId: ids.generation } }],
    ['sendMessage in a thread', mutation('sendMessage', 'SendMessageInput', 'thread { id }'), { input: { threadId: ids.thread, text: 'Hello?', model: 'demo/echo' } }],
  ];
}

async function refused({ token }, what, query, variables) {
  const { data, errors } = await ask(token, query, variables);
  assert(errors?.length, () => `${what}: a stranger was answered ${JSON.stringify(data)}`);
  assertEqual(errors[0].extensions?.code, 'NOT_FOUND', `${what}: the code of “${errors[0].message}”`);
  const answered = Object.values(data ?? {}).filter((value) => value !== null);
  assertEqual(answered, [], `${what}: data beside the error`);
}

async function nodesAreNull({ token }, ids) {
  const list = Object.values(ids);
  const { data, errors } = await ask(token, 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: list });
  assert(!errors, () => `nodes: ${JSON.stringify(errors)}`);
  assertEqual(data.nodes, list.map(() => null), 'nodes of a stranger');
  report('null: nodes');
}

async function subscriptionsAreRefused({ token }, ids) {
  const { client } = connect(token);
  for (const [what, query, id] of [
    ['executionEvents', EXECUTION_EVENTS, ids.execution],
    ['generationEvents', GENERATION_EVENTS, ids.generation],
  ]) {
    const outcome = await within(10_000, `${what} of a stranger`, watch(client, query, { id }).done.catch((error) => error));
    assert(outcome instanceof Error, () => `${what}: a stranger saw ${JSON.stringify(outcome)}`);
    assertEqual(outcome.errors?.[0]?.extensions?.code, 'NOT_FOUND', `${what}: the code of “${outcome.message}”`);
    report(`NOT_FOUND: ${what}`);
  }
  await client.dispose();
}

async function listsAreEmpty({ token }) {
  const { flows, executions, threads } = await gql(
    token,
    `{ flows(first: 10) { totalCount nodes { id } }
       executions(first: 10) { totalCount nodes { id } }
       threads(first: 10) { totalCount nodes { id } } }`,
  );
  for (const [what, { totalCount, nodes }] of Object.entries({ flows, executions, threads })) {
    assertEqual([totalCount, nodes], [0, []], `${what} of a new organization`);
  }
  report('lists of a new organization are empty');
}

async function nothingChanged({ token }, ids) {
  const { flow, thread } = await gql(
    token,
    `query($flow: ID!, $thread: ID!) {
      flow(id: $flow) { status executions(first: 10) { totalCount } }
      thread(id: $thread) { messages(first: 10) { totalCount } }
    }`,
    { flow: ids.flow, thread: ids.thread },
  );
  assertEqual(flow.status, 'PUBLISHED', "the owner's flow, after the stranger's attempts");
  assertEqual(flow.executions.totalCount, 1, "the owner's executions");
  assertEqual(thread.messages.totalCount, 2, "the owner's messages");
  report('nothing of the owner has changed');
}
