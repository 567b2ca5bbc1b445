// A flow that touches every first-hour integration, and how to read what became of it.
import { createServer } from 'node:http';
import { gql, within } from './client.mjs';

/** A server for the HTTP step: it answers with what it was asked for. */
export async function startTarget() {
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://target');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method: request.method, path: url.pathname, name: url.searchParams.get('name') }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

export async function buildFlow(token, name, targetUrl) {
  const { createFlow } = await gql(
    token,
    `mutation($input: CreateFlowInput!) {
      createFlow(input: $input) {
        flow { id name status published { id } draft { id steps { id key kind } links { from { key } to { key } } } }
      }
    }`,
    {
      input: {
        name,
        steps: [
          { key: 'received', integration: 'webhook', operation: 'received' },
          {
            key: 'fetch',
            integration: 'http',
            operation: 'request',
            parameters: { method: 'GET', url: `${targetUrl}/people`, query: { name: '{{ trigger.body.name }}' } },
          },
          {
            key: 'shout',
            integration: 'formatter',
            operation: 'text',
            parameters: { transform: 'uppercase', value: '{{ steps.fetch.output.body.name }}' },
          },
          {
            key: 'keep',
            integration: 'datastore',
            operation: 'set',
            parameters: { key: 'last-greeted', value: '{{ steps.shout.output.value }}' },
          },
          {
            key: 'greet',
            integration: 'ai',
            operation: 'prompt',
            parameters: { model: 'demo/echo', prompt: 'Say hello to {{ steps.shout.output.value }}.' },
          },
        ],
      },
    },
  );
  return createFlow.flow;
}

export async function publishFlow(token, flowId) {
  const { publishFlow } = await gql(
    token,
    `mutation($input: PublishFlowInput!) {
      publishFlow(input: $input) { flow { id status webhookUrl published { number publishedAt } } }
    }`,
    { input: { flowId } },
  );
  return publishFlow.flow;
}

/** Everything about an execution, in one query over both databases. */
export async function readExecution(token, id) {
  const { execution } = await gql(
    token,
    `query($id: ID!) {
      execution(id: $id) {
        id status trigger createdAt startedAt finishedAt
        flow { id owner { name } usage { calls totalTokens } }
        usage { inputTokens outputTokens totalTokens cost currency calls }
        steps(first: 50) {
          nodes {
            id status attempt input output error { code message } startedAt finishedAt
            step { key kind operation }
            generation { id status model cached usage { inputTokens outputTokens cost currency } }
          }
        }
      }
    }`,
    { id },
  );
  return execution;
}

export const EXECUTION_EVENTS = `subscription($id: ID!, $after: String) {
  executionEvents(executionId: $id, after: $after) {
    executionId seq cursor
    event {
      __typename
      ... on StepFinished { stepKey stepStatus: status output stepError: error { code message } generationId }
      ... on ExecutionFinished { executionStatus: status executionError: error { code message } }
    }
  }
}`;

/** Posts JSON to a webhook; the answer's status and body. */
export async function post(url, payload) {
  const response = await within(
    30_000,
    `POST ${url}`,
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(payload) }),
  );
  const text = await response.text();
  let body = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Not every answer is JSON: a flow may reply with text.
  }
  return { status: response.status, body, text };
}
