// Sending a message, following its answer, and putting the answer together as a chat client would.
import { assert, fail, gql } from './client.mjs';

export async function sendMessage(token, input) {
  const { sendMessage } = await gql(
    token,
    `mutation($input: SendMessageInput!) {
      sendMessage(input: $input) {
        thread { id title owner { name } }
        userMessage { id text }
        assistantMessage { id status }
        generation { id status model }
      }
    }`,
    { input: { model: 'demo/echo', ...input } },
  );
  return sendMessage;
}

export const GENERATION_EVENTS = `subscription($id: ID!, $after: String) {
  generationEvents(generationId: $id, after: $after) {
    generationId messageId epoch seq cursor
    event {
      __typename
      ... on GenerationSnapshot { parts { __typename ... on TextPart { id text } } }
      ... on TextDelta { partId offset text }
      ... on GenerationCompleted { finishReason }
      ... on GenerationAborted { reason }
      ... on GenerationFailed { error { code message } }
    }
  }
}`;

const TERMINAL = new Set(['GenerationCompleted', 'GenerationAborted', 'GenerationFailed']);

export const isTerminal = ({ event }) => TERMINAL.has(event.__typename);
export const isText = ({ event }) => event.__typename === 'TextDelta';

/** The answer's text, from a snapshot and deltas; a restart begins anew. */
export function textOf(envelopes) {
  let parts = new Map();
  for (const { event } of envelopes) {
    if (event.__typename === 'GenerationRestarted') parts = new Map();
    if (event.__typename === 'GenerationSnapshot') {
      parts = new Map(event.parts.filter((part) => part.__typename === 'TextPart').map((part) => [part.id, part.text]));
    }
    if (event.__typename === 'TextDelta') parts.set(event.partId, (parts.get(event.partId) ?? '') + event.text);
  }
  return [...parts.values()].join('');
}

export function assertOneTerminalEvent(envelopes, what) {
  const terminal = envelopes.filter(isTerminal);
  assert(terminal.length === 1, () => `${what}: ${terminal.length} terminal events, expected one`);
  assert(isTerminal(envelopes.at(-1)), () => `${what}: the terminal event is not the last`);
}

export async function readMessage(token, id) {
  const { node } = await gql(
    token,
    `query($id: ID!) {
      node(id: $id) {
        ... on Message {
          id role status text parts { __typename ... on TextPart { id text } }
          generation { id status } usage { inputTokens outputTokens }
        }
      }
    }`,
    { id },
  );
  return node ?? fail(`message ${id} is not there`);
}
