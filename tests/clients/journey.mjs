// The product's main job, as a new user does it: a flow run by its webhook, and a chat whose reader loses the socket.
//   node journey.mjs <base url>
import {
  assert, assertContiguous, assertEqual, baseUrl, connect, fail, gql, main, report, signUp, watch, within,
} from './client.mjs';
import { GENERATION_EVENTS, assertOneTerminalEvent, isTerminal, isText, readMessage, sendMessage, textOf } from './chat.mjs';
import { EXECUTION_EVENTS, buildFlow, post, publishFlow, readExecution, startTarget } from './flows.mjs';

await main(async () => {
  const ada = await signUp('Ada');
  report('signed up', { organization: ada.organizationName });
  await runAFlow(ada);
  await loseTheSocket(ada);
});

async function runAFlow({ token, name }) {
  const target = await startTarget();
  try {
    const draft = await buildFlow(token, 'Greet', target.url);
    assertEqual(draft.status, 'DRAFT', 'the status of a new flow');
    assertEqual(draft.draft.steps.map((step) => step.key), ['received', 'fetch', 'shout', 'keep', 'greet'], 'the draft');
    const flow = await publishFlow(token, draft.id);
    assertEqual(flow.status, 'PUBLISHED', 'the status of a published flow');
    assert(flow.webhookUrl, 'a published flow with a webhook has no webhookUrl');
    const webhook = new URL(flow.webhookUrl, baseUrl).href;
    report('flow published', { flow: flow.id });

    const accepted = await post(webhook, { name: 'Grace' });
    assert(accepted.status === 200 || accepted.status === 202, `the webhook answered ${accepted.status}: ${accepted.text}`);
    const executionId = accepted.body.executionId ?? (await onlyExecution(token, flow.id));
    await watchExecution(token, executionId);
    checkHistory(await readExecution(token, executionId), { flow, target, owner: name });

    const answered = await post(`${webhook}/sync`, { name: 'Linus' });
    assertEqual(answered.status, 200, 'the status of the synchronous webhook');
    assert(answered.text.includes('LINUS'), `the synchronous webhook did not answer with the last step's output: ${answered.text}`);
    report('webhook answered at once', { body: answered.body });
  } finally {
    target.close();
  }
}

/** The execution of a flow that ran once, for a webhook whose answer does not name it. */
async function onlyExecution(token, flowId) {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const { flow } = await gql(token, 'query($id: ID!) { flow(id: $id) { executions(first: 2) { nodes { id } } } }', { id: flowId });
    if (flow.executions.nodes.length > 0) return flow.executions.nodes[0].id;
  }
  return fail('the webhook was accepted and no execution came of it');
}

async function watchExecution(token, executionId) {
  const { client } = connect(token);
  const events = await within(30_000, 'ExecutionFinished', watch(client, EXECUTION_EVENTS, { id: executionId }).done);
  await client.dispose();
  assertContiguous(events, events[0].seq, 'executionEvents');
  const last = events.at(-1).event;
  assertEqual(last.__typename, 'ExecutionFinished', 'the last event');
  assertEqual(last.executionStatus, 'SUCCEEDED', `the execution's end (${JSON.stringify(events.map((e) => e.event))})`);
  const finished = events.filter(({ event }) => event.__typename === 'StepFinished').map(({ event }) => event.stepKey);
  for (const key of ['fetch', 'shout', 'keep', 'greet']) {
    assertEqual(finished.filter((other) => other === key).length, 1, `StepFinished events of ${key}`);
  }
  report('execution watched', { events: events.length });
}

function checkHistory(execution, { flow, target, owner }) {
  assertEqual(execution.status, 'SUCCEEDED', 'the execution');
  assertEqual(execution.flow.id, flow.id, "the execution's flow");
  assertEqual(execution.flow.owner.name, owner, "the flow's owner");
  assertEqual(execution.trigger.body.name, 'Grace', "the trigger's payload");
  assert(execution.startedAt && execution.finishedAt, 'the execution has no start or no end');

  const steps = Object.fromEntries(execution.steps.nodes.map((node) => [node.step.key, node]));
  for (const key of ['fetch', 'shout', 'keep', 'greet']) {
    assert(steps[key], `the history has no step ${key}`);
    assertEqual(steps[key].status, 'SUCCEEDED', `step ${key} (${JSON.stringify(steps[key].error)})`);
    assert(steps[key].input && steps[key].output, `step ${key} has no input or no output`);
  }
  assertEqual(steps.fetch.input.url, `${target.url}/people`, "fetch's input");
  assertEqual(steps.fetch.input.query.name, 'Grace', "fetch's rendered query");
  assertEqual(steps.fetch.output.status, 200, "fetch's output status");
  assertEqual(steps.fetch.output.body, { method: 'GET', path: '/people', name: 'Grace' }, "fetch's output body");
  assertEqual(steps.shout.input.value, 'Grace', "shout's rendered input");
  assertEqual(steps.shout.output.value, 'GRACE', "shout's output");
  assertEqual([steps.keep.output.key, steps.keep.output.value], ['last-greeted', 'GRACE'], "keep's output");
  assertEqual(steps.greet.input.prompt, 'Say hello to GRACE.', "greet's rendered prompt");
  assert(steps.greet.output.text.includes('GRACE'), `the echo says ${steps.greet.output.text}`);

  const { generation } = steps.greet;
  assert(generation, 'the AI step has no generation');
  assertEqual([generation.status, generation.model], ['COMPLETED', 'demo/echo'], 'the generation');
  assert(generation.usage.inputTokens > 0 && generation.usage.outputTokens > 0, 'the generation has no usage');
  assertEqual(
    [execution.usage.inputTokens, execution.usage.outputTokens, execution.usage.calls],
    [generation.usage.inputTokens, generation.usage.outputTokens, 1],
    "the execution's usage, against its only generation's",
  );
  assertEqual(execution.usage.totalTokens, execution.usage.inputTokens + execution.usage.outputTokens, 'totalTokens');
  assert(execution.flow.usage.calls >= 1, "the flow's usage does not count the call");
  report('execution read in one query', { steps: Object.keys(steps), usage: execution.usage });
}

async function loseTheSocket({ token, name }) {
  const text = `Repeat after me, slowly: ${Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ')} and that is all.`;
  const sent = await sendMessage(token, { text });
  assertEqual(sent.thread.owner.name, name, "the thread's owner, a PostgreSQL user on a MongoDB document");
  const id = sent.generation.id;

  const first = connect(token);
  const before = watch(first.client, GENERATION_EVENTS, { id }, (_, seen) => {
    if (seen.filter(isText).length === 3) first.sockets.at(-1).terminate();
  });
  await within(30_000, 'the cut', before.done.then(
    () => fail('the answer was over before the socket could be cut: is the demo model streaming?'),
    () => {},
  ));
  assert(before.seen.length > 0 && !before.seen.some(isTerminal), 'the cut came after the end');
  const cursor = before.seen.at(-1).cursor;
  report('socket cut', { events: before.seen.length, cursor });

  const second = connect(token);
  const after = await within(60_000, 'the rest', watch(second.client, GENERATION_EVENTS, { id, after: cursor }).done);
  // At once: the message is stored before the terminal event is sent.
  const message = await readMessage(token, sent.assistantMessage.id);
  assertEqual(message.status, 'COMPLETED', 'the message right after the terminal event');
  assert(!after.some(({ event }) => event.__typename === 'GenerationSnapshot'), 'the rest began with a snapshot, not with the next event');
  const all = [...before.seen, ...after];
  assertContiguous(all, all[0].seq, 'generationEvents before and after the cut');
  assertOneTerminalEvent(all, 'before and after the cut');
  assertEqual(after.at(-1).event.__typename, 'GenerationCompleted', 'the terminal event');
  assertEqual(textOf(all), message.text, 'the deltas put together, against the stored message');
  assertEqual(new Set(all.map((envelope) => envelope.cursor)).size, all.length, 'distinct cursors');
  assertEqual(message.generation, { id, status: 'COMPLETED' }, "the message's generation");
  assert(message.usage.outputTokens > 0, 'the message has no usage');
  report('exactly the rest after reconnecting', { before: before.seen.length, after: after.length });

  const late = await within(30_000, 'the replay', watch(second.client, GENERATION_EVENTS, { id }).done);
  assertOneTerminalEvent(late, 'a late subscriber');
  assertEqual(textOf(late), message.text, 'what a late subscriber puts together');
  await second.client.dispose();
  report('a late subscriber sees it whole', { events: late.length });
}
