(() => {
'use strict';
const root = document.documentElement;
const byId = id => document.getElementById(id);
const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
const levels = {documented: 'd', standard: 's', inferred: 'i'};
const form = byId('filters'), search = byId('search'), shown = byId('shown'), section = byId('cases');
const selects = ['operation', 'level', 'requirement'];
const outcomes = all('input[name=outcome]');
const cases = all('.case').map(el => ({
  el, outcome: el.dataset.outcome, operation: el.dataset.operation, levels: el.dataset.levels,
  requirements: ' ' + el.dataset.requirements + ' ', text: null, visible: true,
}));
const groups = all('.group').map(el => ({el, outcome: el.id.slice('group-'.length), n: el.querySelector('.n')}));
let visible = cases;
let round = 0;

root.classList.add('js');

// pause lets the browser draw and take input between two slices of work. In a tab
// behind others a timer would make it wait, for up to a minute.
const pause = () => new Promise(done => {
  const {port1, port2} = new MessageChannel();
  port1.onmessage = () => { port1.close(); done(); };
  port2.postMessage(0);
});

// slices calls work for each item, and pauses every few milliseconds. It ends
// early, and says so, when alive() no longer holds.
async function slices(items, work, alive = () => true) {
  let until = performance.now() + 12;
  for (const item of items) {
    if (performance.now() > until) {
      await pause();
      if (!alive()) return false;
      until = performance.now() + 12;
    }
    work(item);
  }
  return true;
}

// fill gives a case its inside. To a browser with scripts a noscript is one piece of text, so that
// ten thousand cases are loaded without the elements in them; without scripts it is its elements.
function fill(el) {
  const held = el.querySelector(':scope > .inside > noscript');
  if (!held) return;
  const whole = document.createElement('template');
  whole.innerHTML = held.textContent;
  held.replaceWith(whole.content);
}

// plain is the text of HTML that this page's own template has written.
const named = {amp: '&', lt: '<', gt: '>', quot: '"'};
const plain = html => html
  .replace(/<\/(?:p|li|pre|h[1-6]|summary|div)>/g, '\n').replace(/<[^>]*>/g, '')
  .replace(/&(?:#(\d+)|(amp|lt|gt|quot));/g, (_, code, name) => name ? named[name] : String.fromCodePoint(code));

// textOf is what a search looks through: made once for each case.
function textOf(c) {
  if (c.text === null) {
    const held = c.el.querySelector(':scope > .inside > noscript');
    const inside = held ? plain(held.textContent) : c.el.querySelector('.inside').textContent;
    c.text = (c.el.querySelector('summary').textContent + '\n' + inside).toLowerCase();
  }
  return c.text;
}

// find returns the element of an id. One inside a case has the id of the case before "~~".
function find(id) {
  const at = id.lastIndexOf('~~');
  if (at > 0 && !byId(id)) {
    const el = byId(id.slice(0, at));
    if (el && el.closest('.case')) fill(el.closest('.case'));
  }
  return byId(id);
}

function read() {
  return {
    q: search.value.trim(),
    outcome: outcomes.filter(box => box.checked).map(box => box.value),
    operation: byId('operation').value, level: byId('level').value, requirement: byId('requirement').value,
  };
}

// test makes a function that tells whether a case is asked for.
function test(filter) {
  const words = filter.q.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = new Set(filter.outcome);
  const position = id => id && filter[id] ? String(byId(id).selectedIndex - 1) : null;
  const operation = position('operation'), requirement = position('requirement');
  return c => (wanted.size === 0 || wanted.has(c.outcome)) &&
    (operation === null || c.operation === operation) &&
    (!filter.level || c.levels.includes(levels[filter.level])) &&
    (requirement === null || c.requirements.includes(' ' + requirement + ' ')) &&
    words.every(word => textOf(c).includes(word));
}

// apply shows the cases that are asked for. A later call ends an earlier one.
async function apply() {
  const mine = ++round;
  const filter = read(), wanted = test(filter), hits = [], counts = {};
  section.setAttribute('aria-busy', 'true');
  const whole = await slices(cases, c => {
    if (wanted(c)) {
      hits.push(c);
      counts[c.outcome] = (counts[c.outcome] || 0) + 1;
    }
  }, () => mine === round);
  if (!whole) return;
  const keep = new Set(hits), turned = cases.filter(c => c.visible !== keep.has(c));
  const done = await slices(turned, c => {
    c.visible = !c.visible;
    c.el.hidden = !c.visible;
  }, () => mine === round);
  if (!done) return;
  const some = hits.length < cases.length;
  for (const g of groups) {
    const total = cases.reduce((n, c) => n + (c.outcome === g.outcome), 0), n = counts[g.outcome] || 0;
    g.el.hidden = n === 0;
    g.n.textContent = n < total ? n + ' of ' + total : total;
  }
  for (const el of all('[data-count]')) el.textContent = counts[el.dataset.count] || 0;
  visible = hits;
  shown.textContent = some ? hits.length + ' of ' + cases.length + ' cases' : cases.length + (cases.length === 1 ? ' case' : ' cases');
  byId('clear').disabled = !fragment(filter);
  section.removeAttribute('aria-busy');
}

// fragment writes a filter as the end of a URL; what is not set is left out.
function fragment(filter) {
  const out = new URLSearchParams();
  for (const name of ['q', ...selects]) if (filter[name]) out.set(name, filter[name]);
  if (filter.outcome.length) out.set('outcome', filter.outcome.join(','));
  return out.toString();
}

function remember() {
  const text = fragment(read());
  history.replaceState(null, '', text ? '#' + text : location.pathname + location.search);
}

function changed() {
  remember();
  return apply();
}

// set fills the form in by the end of a URL.
function set(text) {
  const from = new URLSearchParams(text);
  search.value = from.get('q') || '';
  for (const name of selects) {
    byId(name).value = from.get(name) || '';
    if (byId(name).selectedIndex < 0) byId(name).value = '';
  }
  const wanted = (from.get('outcome') || '').split(',');
  for (const box of outcomes) box.checked = wanted.includes(box.value);
}

// follow does what the end of the URL asks for. Until it has, the page is marked as
// data-following; where it is asked again meanwhile, the last one scrolls alone.
let turns = 0;
async function follow() {
  const turn = ++turns, page = document.documentElement;
  page.dataset.following = '';
  try {
    await go(turn);
  } finally {
    if (turn === turns) delete page.dataset.following;
  }
}

// go goes to a filter, or to a place to show.
async function go(turn) {
  const text = location.hash.slice(1);
  if (/^(q|outcome|operation|level|requirement)=/.test(text)) {
    set(text);
    await apply();
    await settled(turn, () => section.scrollIntoView());
    return;
  }
  let id = text;
  try {
    id = decodeURIComponent(text);
  } catch {
    // a lone percent sign: the text as it is
  }
  const el = id && find(id);
  if (!el) return;
  const c = el.closest('.case');
  if (c && c.hidden) {
    set('');
    await apply();
  }
  for (let at = el; at; at = at.parentElement) if (at.localName === 'details') at.open = true;
  if (c && el === c.querySelector('.inside')) {
    if (!await settled(turn, () => c.scrollIntoView())) return;
    c.querySelector('summary').focus({preventScroll: true});
  } else {
    if (!await settled(turn, () => el.scrollIntoView({block: c ? 'center' : 'start'}))) return;
    if (el.localName === 'a') el.focus({preventScroll: true});
  }
}

// settled scrolls, and again when what is on the way has been laid out. It stops, and
// returns false, where the page is asked for another place meanwhile. While the
// page loads, the browser itself goes to the place that the URL names, and takes
// the focus away: that is waited for.
async function settled(turn, scroll) {
  if (document.readyState !== 'complete') await new Promise(done => addEventListener('load', done, {once: true}));
  for (let i = 0; i < 3 && turn === turns; i++) {
    scroll();
    await new Promise(requestAnimationFrame);
  }
  return turn === turns;
}

// dress gives a case its inside, and every command its button, when the case is first opened.
function dress(el) {
  fill(el);
  for (const code of all('.copy:not([data-dressed])', el)) {
    code.dataset.dressed = '';
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copier';
    button.textContent = 'Copy';
    code.after(button);
    button.addEventListener('click', () => copy(code, button));
  }
}

async function copy(code, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code);
    done = document.execCommand('copy');
  }
  button.textContent = done ? 'Copied' : 'Selected: copy it with your keys';
  setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  byId('said').textContent = button.textContent;
}

// move puts the focus on the next case that is shown, or the one before.
function move(by) {
  if (visible.length === 0) return;
  const here = document.activeElement && document.activeElement.closest('.case');
  let at = visible.findIndex(c => c.el === here);
  at = at < 0 ? (by > 0 ? 0 : visible.length - 1) : Math.min(Math.max(at + by, 0), visible.length - 1);
  const summary = visible[at].el.querySelector('summary');
  summary.focus({preventScroll: true});
  summary.scrollIntoView({block: 'nearest'});
}

function clear() {
  set('');
  return changed();
}

const open = wide => slices(visible, c => {
  if (wide) dress(c.el);
  c.el.open = wide;
});

document.addEventListener('toggle', event => {
  if (event.target.open && event.target.classList.contains('case')) dress(event.target);
}, true);

document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  const at = event.target, typing = at.matches && at.matches('input:not([type=checkbox]), select, textarea');
  if (event.key === 'Escape' && !(at.matches && at.matches('select'))) {
    if (at === search) search.blur();
    if (fragment(read())) clear();
    return;
  }
  if (typing || !byId('keys').checked) return;
  const inCase = at.matches && at.matches('.case > summary');
  const act = {
    '/': () => { search.focus(); search.select(); },
    j: () => move(1), k: () => move(-1),
    ArrowDown: inCase && (() => move(1)), ArrowUp: inCase && (() => move(-1)),
  }[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});

let waiting = 0;
search.addEventListener('input', () => {
  clearTimeout(waiting);
  waiting = setTimeout(changed, 150);
});
form.addEventListener('change', event => {
  if (event.target !== search && event.target.id !== 'keys') changed();
});
form.addEventListener('submit', event => {
  event.preventDefault();
  changed();
});
byId('clear').addEventListener('click', clear);
byId('expand').addEventListener('click', () => open(true));
byId('collapse').addEventListener('click', () => open(false));
byId('theme').addEventListener('change', event => { root.dataset.theme = event.target.value; });
addEventListener('hashchange', follow);
// What failed is printed open: see the style sheet.
const printed = () => all('.case:is(.failed, .errored, .deviated, .other)').forEach(fill);
addEventListener('beforeprint', printed);
matchMedia('print').addEventListener('change', event => { if (event.matches) printed(); });
new ResizeObserver(() => root.style.setProperty('--bar', form.offsetHeight + 'px')).observe(form);

for (const el of all('.case[open]')) dress(el);
set(/^[a-z]+=/.test(location.hash.slice(1)) ? location.hash.slice(1) : '');
apply().then(follow);
})();
