/**
 * Stores the newest id of each kind in any response, as the value of placeholders such as "<latest execution>". Ids are
 * UUIDv7, which sort by creation time, so the newest id is the greatest.
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

/** Stores the ids of a response that are newer than the known ones. */
export function remember(data) {
  const next = { ...latest };
  collect(data, next);
  if (Object.keys(next).some((kind) => next[kind] !== latest[kind])) store(next);
}

/** Removes all ids, as after signing in or out they belong to another user. */
export function forget() {
  store({});
}

/** Returns a copy of the variables with all placeholders replaced. Throws for a placeholder without an id. */
export function fillPlaceholders(value) {
  if (typeof value === 'string') {
    const kind = PLACEHOLDER.exec(value)?.[1];
    if (!kind) return value;
    if (latest[kind]) return latest[kind];
    throw new Error(`No response has contained a ${kind} yet. ${WHERE_FROM[kind]} first, or replace "${value}" with an id.`);
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
    // Storage is full or disabled: the ids are kept until the page is closed.
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
