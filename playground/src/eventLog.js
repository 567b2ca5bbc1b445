// Limits the cost of redrawing.
const EARLIER_KEPT = 100;

/**
 * The log of a subscription in the response pane: its status, the text of the answer so far if events contain one, the
 * latest event, and earlier events, newest first.
 */
export function createLog() {
  const answer = createAnswer();
  let status = 'connecting';
  let received = 0;
  let errors;
  let latest;
  let earlier = [];

  return {
    status: (next) => (status = next),
    errors: (reasons) => (errors = reasons),
    add(result) {
      if (latest) earlier = [latest, ...earlier].slice(0, EARLIER_KEPT);
      latest = result;
      received += 1;
      const [envelope] = Object.values(result.data ?? {});
      answer.take(envelope?.event);
    },
    view() {
      const text = answer.text();
      return { status, received, ...(text && { answer: text }), ...(errors && { errors }), latest, earlier };
    },
  };
}

/** Assembles the text of an answer from its deltas. */
function createAnswer() {
  let parts = new Map();
  return {
    text: () => [...parts.values()].join('\n\n'),
    take(event) {
      switch (event?.__typename) {
        case 'GenerationSnapshot':
          parts = new Map((event.parts ?? []).filter((part) => part.__typename === 'TextPart').map((part) => [part.id, part.text]));
          break;
        case 'GenerationRestarted':
          parts = new Map();
          break;
        case 'TextDelta':
          parts.set(event.partId, (parts.get(event.partId) ?? '') + event.text);
          break;
      }
    },
  };
}
