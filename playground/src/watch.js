import { createClient } from 'graphql-ws';
import { createLog } from './eventLog.js';
import { remember } from './latest.js';

// GraphiQL redraws the whole response pane for every result, so results are limited to ten a second.
const DRAW_EVERY_MS = 100;

let current = { authorization: undefined, client: undefined };

/** Returns the client of an identity, with one lazy socket. Without a token, the session cookie authenticates. */
function clientFor(authorization) {
  if (!current.client || current.authorization !== authorization) {
    current.client?.dispose();
    const url = new URL('/graphql', window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    current = {
      authorization,
      client: createClient({
        url: url.href,
        lazy: true,
        retryAttempts: 10,
        // Exponential back-off from half a second to ten seconds, with jitter.
        retryWait: (attempt) => new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** attempt, 10_000) * (0.5 + Math.random()))),
        // 4403: the token is invalid, so a retry would fail.
        shouldRetry: (event) => 'code' in event && event.code !== 4403,
        connectionParams: authorization ? { authorization } : {},
      }),
    };
  }
  return current.client;
}

function authorizationIn(headers = {}) {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
}

/**
 * Runs a subscription and shows it as a growing log. The cursor of each event becomes the variable `after`, and the
 * client sends the same payload again when it reconnects, so that it continues with the next event.
 */
export function watch(payload, headers) {
  const resumable = { ...payload, variables: { ...payload.variables } };
  const client = clientFor(authorizationIn(headers));

  return {
    subscribe(sink) {
      const log = createLog();
      let over = false;
      let timer;
      const draw = () => {
        clearTimeout(timer);
        timer = undefined;
        sink.next(log.view());
      };
      const drawSoon = () => {
        if (!over) timer ??= setTimeout(draw, DRAW_EVERY_MS);
      };
      const finish = (status) => {
        if (over) return;
        over = true;
        stopListening.forEach((stop) => stop());
        log.status(status);
        draw();
      };
      const stopListening = [
        client.on('connected', () => (log.status('live'), drawSoon())),
        client.on('closed', () => (log.status('reconnecting'), drawSoon())),
      ];
      const unsubscribe = client.subscribe(resumable, {
        next(result) {
          remember(result.data);
          const [event] = Object.values(result.data ?? {});
          if (event?.cursor) resumable.variables.after = event.cursor;
          log.add(result);
          drawSoon();
        },
        error(error) {
          log.errors(describe(error));
          finish('failed');
          sink.complete();
        },
        complete() {
          finish('ended');
          sink.complete();
        },
      });
      return {
        unsubscribe() {
          // Before the client's own `complete`, as by then the response of another tab may be shown.
          finish('stopped');
          unsubscribe();
        },
      };
    },
  };
}

function describe(error) {
  if (Array.isArray(error)) return error;
  if ('code' in error) return [{ message: `The connection was closed: ${error.code} ${error.reason}`.trim() }];
  return [{ message: error.message ?? 'The connection failed. Is the server running?' }];
}
