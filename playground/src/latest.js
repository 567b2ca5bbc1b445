/**
 * The newest id of each kind in any response, so that "<latest execution>" in the variables stands for it. Ids are
 * UUIDv7: they sort by the time they were made, so the newest is the greatest, in whatever order a list gave them.
 */
const STORAGE_KEY = 'triptych:latest';
const KIND_OF_PREFIX = { flow: 'flow', exec: 'execution', thread: 'thread', msg: 'message', gen: 'generation' };
const ID = /^(flow|exec|thread|msg|gen)_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const PLACEHOLDER = /^<latest (flow|execution|thread|message|generation)>$/;
const WHERE_FROM = {
  flow: 'Run “BuildFlow”',
  execution: 'Run “RunFlow”',
  thread: 'Run “Chat”',
  message: 'Run “Chat”',
  generation: 'Run “Chat”',
};

const listeners = new Set();
let latest = load();

/** Keeps what is newer than what is known. */
export function remember(data) {
  const next = { ...latest };
  collect(data, next);
  if (Object.keys(next).some((kind) => next[kind] !== latest[kind])) store(next);
}

/** After signing in or out the ids belong to somebody else. */
export function forget() {
  store({});
}

/** A copy of the variables with each placeholder replaced; an unknown one is an error that says what to do. */
export function fillPlaceholders(value) {
  if (typeof value === 'string') {
    const kind = PLACEHOLDER.exec(value)?.[1];
    if (!kind) return value;
    if (latest[kind]) return latest[kind];
    throw new Error(`No ${kind} has been seen yet. ${WHERE_FROM[kind]} first, or put an id in place of "${value}".`);
  }
  if (Array.isArray(value)) return value.map(fillPlaceholders);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillPlaceholders(inner)]));
  }
  return value;
}

/** For `useSyncExternalStore`. */
export function subscribeToLatest(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function latestIds() {
  return latest;
}

function collect(value, into) {
  if (typeof value === 'string') {
    const kind = KIND_OF_PREFIX[ID.exec(value)?.[1]];
    if (kind && !(into[kind] > value)) into[kind] = value;
  } else if (value && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'deletedId') forgetOne(inner, into);
      else collect(inner, into);
    }
  }
}

function forgetOne(id, from) {
  for (const kind of Object.keys(from)) if (from[kind] === id) delete from[kind];
}

function store(next) {
  latest = next;
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(latest));
  } catch {
    // Storage is full or switched off: the ids last as long as the page.
  }
  listeners.forEach((listener) => listener());
}

function load() {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY)) ?? {};
  } catch {
    return {};
  }
}
