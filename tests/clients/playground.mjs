// The playground in a real browser: nothing leaves the machine, a query answers, a subscription is live.
//   node playground.mjs <base url> [--screenshot path.png]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { assert, baseUrl, main, report } from './client.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const screenshotAt = process.argv.indexOf('--screenshot');
const screenshot = screenshotAt > 0 ? process.argv[screenshotAt + 1] : null;
// Chromium's own errands to its maker would be refused or, worse, answered.
const args = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

await main(async () => {
  const profile = await mkdtemp(join(tmpdir(), 'playground-'));
  const browser = await chromium.launchPersistentContext(profile, { executablePath, args, viewport: { width: 1440, height: 900 } });
  try {
    await visit(browser);
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  }
});

async function visit(browser) {
  const page = await browser.newPage();
  const requested = watchRequests(browser, page);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));

  await page.goto(baseUrl.href);
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  report('GraphiQL is there');

  const account = page.locator('.triptych-account [role=status]');
  await waitForText(account, /^Signed in as .+ · .+/, 'the signed-in indicator');
  report('signed in', { as: await account.textContent() });

  const welcome = await execute(page, 'Welcome');
  const answer = JSON.parse(await settled(welcome, (text) => text.includes('"viewer"')));
  assert(!answer.errors && answer.data.viewer?.user?.name, `the first saved query answered ${JSON.stringify(answer)}`);
  report('a query answers', { viewer: answer.data.viewer.user.name });

  for (const tab of ['BuildFlow', 'PublishFlow', 'RunFlow']) {
    const result = JSON.parse(await settled(await execute(page, tab), (text) => text.includes('"data"') || text.includes('"errors"')));
    assert(!result.errors, `${tab} answered ${JSON.stringify(result.errors)}`);
  }
  report('a flow is built, published and run');

  const log = await follow(page, 'WatchExecution', 'ExecutionFinished');
  assert(log.received > 2, `WatchExecution showed only ${log.received} events`);
  if (screenshot) await page.screenshot({ path: screenshot });
  report('an execution is watched', { events: log.received });

  const history = JSON.parse(await settled(await execute(page, 'ReadExecution'), (text) => text.includes('"execution"') || text.includes('"errors"')));
  assert(history.data?.execution?.status === 'SUCCEEDED', `ReadExecution answered ${JSON.stringify(history)}`);
  report('an execution is read', { steps: history.data.execution.steps.nodes.length });

  await settled(await execute(page, 'Chat'), (text) => text.includes('"generation"'));
  const chat = await follow(page, 'WatchAnswer', 'GenerationCompleted');
  assert(chat.answer?.length > 0, 'WatchAnswer put no text together');
  report('an answer is watched', { events: chat.received, answer: chat.answer.slice(0, 80) });

  await joinByLink(page);

  assert(complaints.length === 0, `the page threw: ${complaints.join('; ')}`);
  const foreign = [...requested].filter((url) => !isOurs(url));
  assert(foreign.length === 0, `requests to other hosts: ${foreign.join(', ')}`);
  const sockets = [...requested].filter((url) => url.startsWith('ws'));
  assert(sockets.length > 0, 'no WebSocket was opened');
  report('every request stayed with the server', { requests: requested.size });
}

/** Opens the link of an invitation, as from a mail, and joins with a new account. */
async function joinByLink(page) {
  const token = await page.evaluate(async () => {
    const ask = async (query, variables) => {
      const response = await fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()).data;
    };
    const { roles } = await ask('{ roles { id name } }');
    const roleId = roles.find((role) => role.name === 'Member').id;
    const invite = 'mutation($input: InviteMemberInput!) { inviteMember(input: $input) { token } }';
    return (await ask(invite, { input: { email: 'grace@example.org', roleId } })).inviteMember.token;
  });
  await page.goto(`${baseUrl.href}#invitation=${token}`);
  // A fragment alone does not load the page again.
  await page.reload();
  const dialog = page.getByRole('dialog', { name: 'Link of a mail' });
  await dialog.getByLabel('Name, for a new account').fill('Grace');
  await dialog.getByLabel('Password').fill('correct horse');
  await dialog.getByRole('button', { name: 'Join' }).click();
  await waitForText(page.locator('.triptych-account [role=status]'), /^Signed in as Grace · .+/, 'the new member');
  assert(!page.url().includes(token), 'the token stays in the address');
  report('a new member joins by a link');
}

function watchRequests(browser, page) {
  const requested = new Set();
  // On the context: workers' requests are not the page's.
  browser.on('request', (request) => requested.add(request.url()));
  page.on('websocket', (socket) => requested.add(socket.url()));
  return requested;
}

function isOurs(url) {
  // The page's own bytes, not a request: these schemes reach no network.
  if (/^(data|blob|about):/.test(url)) return true;
  return new URL(url).host === baseUrl.host;
}

/** Opens a tab, presses play, and returns the locator of the response. */
async function execute(page, tab) {
  await page.locator(`.graphiql-tab-button[title="${tab}"]`).click();
  await page.locator('.graphiql-execute-button').click();
  return page.locator('.graphiql-response');
}

/** Runs a subscription until the response shows the last event; fails when the log never moved in between. */
async function follow(page, tab, lastEvent) {
  const response = await execute(page, tab);
  return JSON.parse(await settled(response, (text) => text.includes(lastEvent) && text.includes('"status": "ended"')));
}

/** The response as text, from the editor's model: the lines on the screen are only those in view. */
async function settled(response, isDone) {
  const page = response.page();
  let text = '';
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    text = await page.evaluate(() => globalThis.__MONACO.editor.getModels().find((m) => m.uri.path.endsWith('response.json')).getValue());
    if (isDone(text)) return text;
    await page.waitForTimeout(50);
  }
  throw new Error(`the response never came to what was expected; last: ${text.slice(0, 600)}`);
}

async function waitForText(locator, pattern, what) {
  let text = '';
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; ) {
    text = (await locator.textContent({ timeout: 15_000 })) ?? '';
    if (pattern.test(text)) return;
    await locator.page().waitForTimeout(50);
  }
  throw new Error(`${what} says “${text}”`);
}
