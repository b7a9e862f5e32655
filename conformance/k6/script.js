// Load with verdicts: the accepting and refusing cases of fmaspec /*version*/, for k6.
//
//   k6 run -e BASE_URL=http://127.0.0.1:8080 -e TOKEN=… fmaspec.js
//
// Written by fmaspec export k6; write it again rather than change it. docs/k6.md describes the settings.
//
// left out
import http from 'k6/http';
import exec from 'k6/execution';
import crypto from 'k6/crypto';
import { check, group } from 'k6';
import { Rate } from 'k6/metrics';
import { SharedArray } from 'k6/data';

const contract = /*contract*/null;

const all = () => [
/*cases*/
];

const setting = (name) => __ENV[name] || '';

// What is wrong with the settings. A script that is only inspected has none, and nothing is sent while there is one.
const problems = [];
const problem = (text) => problems.push(`fmaspec: ${text}`);

const base = setting('BASE_URL').replace(/\/+$/, '');
if (!base) problem('BASE_URL: it is missing; give the URL of the server, without the documented path');
const token = setting('TOKEN');
if (!token) problem('TOKEN: it is missing; give the bearer token of a user who may act');
const loopback = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(\/|$)/i.test(base);
const machine = setting('MACHINE') || (loopback ? contract.machine : '');
const risks = setting('ACCEPT_RISK').split(',').map((name) => name.trim()).filter((name) => name);
const levels = ['documented', 'standard', 'inferred'];
const level = levels.indexOf(setting('LEVEL') || 'standard');

risks.filter((name) => !contract.operations[name]).forEach((name) =>
  problem(`ACCEPT_RISK: there is no operation ${name}; operations are ${Object.keys(contract.operations).join(', ')}`));
if (level < 0) problem(`LEVEL: there is no level ${setting('LEVEL')}; levels are ${levels.join(', ')}`);

// skip says why a case is not sent, '' where it is.
function skip(k) {
  const lacking = (k.needs || []).filter((name) => !setting(name));
  if (lacking.length) return `it needs ${lacking.join(', ')}`;
  if (setting('RUN') && !new RegExp(setting('RUN')).test(k.id)) return 'RUN does not match it';
  if (loopback) return '';
  const effects = k.steps.filter((s) => s.accepted);
  const would = 'it would take effect';
  if (effects.some((s) => !risks.includes(s.op || k.op))) return `${would}, and ACCEPT_RISK does not name it`;
  if (effects.length && !(setting('MACHINE') && setting('SHA1'))) return `${would}, and MACHINE or SHA1 is missing`;
  return '';
}

// In the order of a hash, so that requests of all kinds are mixed.
const hashed = (id) => crypto.sha1(id, 'hex');
const cases = new SharedArray('cases', () => all().filter((k) => !skip(k))
  .sort((a, b) => (hashed(a.id) < hashed(b.id) ? -1 : 1)));
const skipped = new SharedArray('skipped', () => all().filter(skip).map((k) => ({ case: k.id, why: skip(k) })));
if (!cases.length) problem('no case is left to send; see RUN, ACCEPT_RISK and the tokens that cases need');

// most is how many requests of one iteration may take effect.
const most = loopback ? 0 : cases.reduce((n, k) => Math.max(n, k.steps.filter((s) => s.accepted).length), 0);
const seconds = { s: 1, m: 60, h: 3600 };

// effects is how many actions a load can begin on somebody's machine, null where nobody can say.
function effects() {
  const time = /^(\d+)([smh])$/.exec(setting('DURATION'));
  return setting('RATE') && time ? Math.ceil(setting('RATE') * time[1] * seconds[time[2]]) * most : null;
}
if (base && !loopback && effects() === null) {
  problem(`${base} is not loopback; give RATE, requests a second, and DURATION, such as 30s, 5m or 1h`);
} else if (!loopback && effects() > Number(setting('BUDGET') || 0)) {
  problem(`up to ${effects()} requests would take effect at ${base}; allow them by BUDGET, or lower RATE or DURATION`);
}

function scenario() {
  const vus = Number(setting('VUS') || 1);
  if (setting('RATE')) {
    return { executor: 'constant-arrival-rate', rate: Number(setting('RATE')), timeUnit: '1s',
      duration: setting('DURATION') || '30s', preAllocatedVUs: Math.max(vus, 10), maxVUs: Math.max(vus, 1000) };
  }
  if (setting('ITERATIONS')) { // "all" sends each case once
    const iterations = setting('ITERATIONS') === 'all' ? Math.max(cases.length, 1) : Number(setting('ITERATIONS'));
    return { executor: 'shared-iterations', vus: Math.min(vus, iterations), iterations,
      maxDuration: setting('DURATION') || '10m' };
  }
  return { executor: 'constant-vus', vus, duration: setting('DURATION') || '30s' };
}

export const options = {
  scenarios: { cases: scenario() },
  thresholds: Object.assign({ checks: ['rate==1'], judged: [`rate>=${setting('MIN_JUDGED') || 1}`] },
    setting('P99') ? { http_req_duration: [`p(99)<${setting('P99')}`] } : {}),
  systemTags: ['status', 'method', 'group', 'check', 'scenario', 'error_code', 'expected_response'],
  summaryTrendStats: ['avg', 'min', 'med', 'p(95)', 'p(99)', 'max'],
  userAgent: 'fmaspec-k6//*version*/',
};

// judged counts the answers that say something of the contract: not those of a server that is too busy, nor none.
const judged = new Rate('judged');

function refuse() {
  if (problems.length) throw new Error(problems.join('\n'));
}

export function setup() {
  refuse();
  console.info(`fmaspec: ${cases.length} cases are sent, ${skipped.length} are not` +
    (loopback ? '' : `; up to ${effects()} requests take effect at ${base}`));
}

export default function () {
  refuse(); // where somebody runs without setup
  const k = cases[exec.scenario.iterationInTest % cases.length];
  const fresh = (name) => hashed(`${began} ${exec.vu.idInTest} ${exec.vu.iterationInInstance} ${name}`);
  group(k.id, () => k.steps.forEach((s, i) => send(k, s, i, fresh)));
}

// began differs in each VU of each run, so that no two files of two runs have one hash.
const began = `${Date.now()} ${Math.random()}`;

// The values of the variables of a request.
function value(v, s, i, fresh) {
  const inert = !loopback && !s.accepted;
  const name = v.replace(/\.n$/, `.${i}`);
  if (name.startsWith('sha1')) {
    if (inert) return contract.prefix + fresh(name).slice(contract.prefix.length);
    return setting('SHA1') || fresh(name);
  }
  if (name.startsWith('comment')) return `fmaspec-${fresh(name).slice(0, 16)}`;
  if ((name === 'machine' || name === 'other-machine') && inert) {
    return contract.prefix + fresh(name).slice(contract.prefix.length);
  }
  if (name === 'machine') return encodeURIComponent(machine);
  return setting(contract.settings[name]);
}

const text = (pieces, s, i, fresh) => (pieces || []).map((p) => {
  if (typeof p === 'string') return p;
  if (p.t !== undefined) return p.t.repeat(p.n);
  const made = value(p.v, s, i, fresh);
  return p.upper ? made.toUpperCase() : made;
}).join('');

// guard throws where a request elsewhere than to this machine could take effect on what the user did not name. The
// cases are chosen so that none does; this looks at what is about to be sent.
function guard(k, s, path, body) {
  if (loopback) return;
  const has = (where, name) => setting(name) !== '' && where.toLowerCase().includes(setting(name).toLowerCase());
  const sent = parsed(body);
  const own = (op) => sent && isObject(sent.value) &&
    String(sent.value[op.file]).toLowerCase() === setting('SHA1').toLowerCase();
  if (s.accepted ? !(risks.includes(s.op || k.op) && has(path, 'MACHINE') && own(contract.operations[s.op || k.op]))
    : has(path, 'MACHINE') || has(path, 'OTHER_MACHINE') || has(body, 'SHA1')) {
    throw new Error(`fmaspec: ${k.id}: it is not sent: it could take effect on what was not allowed; report it`);
  }
}

function send(k, s, i, fresh) {
  const headers = {};
  Object.keys(s.header).forEach((name) => { headers[name] = text(s.header[name], s, i, fresh); });
  const body = text(s.body, s, i, fresh);
  const path = text(s.path, s, i, fresh);
  guard(k, s, path, body);
  const res = http.request(s.method, base + path, body || null, { headers, redirects: 0, tags: { name: k.op } });
  const x = seen(k, s, res, body);
  judged.add(!x.unjudged);
  if (x.unjudged) {
    once(`${k.id}: not judged: ${x.unjudged}`);
    return;
  }
  (s.accepted ? toAccept : toRefuse)(x);
  dated(x);
  const sets = {};
  x.found.forEach((f) => {
    const name = `${f.requirement} (${f.check})`;
    sets[name] = (name in sets ? sets[name] : true) && f.ok;
    if (!f.ok) once(`${k.id}: ${name}: got ${f.got}`);
  });
  check(res, Object.fromEntries(Object.entries(sets).map(([name, ok]) => [name, () => ok])));
}

// once prints each cause once for each VU.
const printed = {};
function once(line) {
  const cause = line.replace(/: got .*/s, '');
  if (!printed[cause]) console.error(`fmaspec: ${line}`);
  printed[cause] = true;
}

// hasSign reports whether an object has a sign.
function hasSign(object, sign) {
  const found = at(object, sign.at);
  if (typeof found !== 'string' || sign.beside && at(object, sign.beside) === undefined) return false;
  if (sign.with && !hasSign(object, sign.with)) return false;
  return Boolean(sign.part) && found.includes(sign.part) || (sign.values || []).includes(found);
}

// seen reads an answer.
function seen(k, s, res, sent) {
  const op = contract.operations[s.op || k.op];
  const x = { k, s, op, res, sent, status: res.status, body: String(res.body || ''), found: [], unjudged: '' };
  x.media = header(res, 'Content-Type').split(';')[0].trim().toLowerCase();
  x.json = parsed(x.body.replace(/^\uFEFF/, ''));
  x.object = x.json && isObject(x.json.value) ? x.json.value : null;
  x.action = Boolean(x.object) && (op.signs || []).some((sign) => hasSign(x.object, sign));
  if (!res.status) x.unjudged = `no answer: ${res.error}`;
  else if (res.status === 429 || [502, 503, 504].includes(res.status) && !s.statuses.includes(res.status)) {
    x.unjudged = `the server answered ${res.status}`;
  } else if (s.role && res.status === 401) {
    x.unjudged = 'the token of the role was answered 401';
  } else if (s.accepted && setting('SHA1') && res.status >= 400 && op.repeats && x.object &&
    op.repeats.values.includes(at(x.object, op.repeats.at))) {
    x.unjudged = 'the action is under way already';
  }
  // A finding counts where its requirement has the level of the run.
  x.add = (requirement, name, ok, got) => {
    if (requirement && levels.indexOf(contract.requirements[requirement]) <= level) {
      x.found.push({ requirement, check: name, ok, got: ok ? '' : shown(got) });
    }
  };
  x.own = (name, ok, got) => x.add(contract.checks[name], name, ok, got);
  return x;
}

function toAccept(x) {
  const { s, op, status } = x;
  const success = Math.floor(status / 100) === 2;
  x.own('created', status === op.success || !success && !s.plain, status);
  if (s.plain && s.served) x.add(contract.existence, 'served', ![404, 405, 501].includes(status), status);
  (s.outcome || []).forEach((id) => x.add(id, 'accepts', success, status));
  x.own('no-token', !leaks(x), 'the token, in the answer');
  if (!success || status === 204 || status === 205) return;
  x.own('media-type', x.media === 'application/json', header(x.res, 'Content-Type'));
  x.own('utf-8', !x.body.startsWith('\uFEFF'), 'a byte order mark');
  x.own('one-json-object', x.object !== null, x.body);
  if (x.object) {
    x.own('names-unique', named(x.body, x.object), 'a name twice in one object');
    x.violations = [];
    x.read = {};
    op.accepting = op.accepting || prepared(op.action);
    valid(op.accepting, x.object, '', x.violations);
    related(x);
  }
}

function toRefuse(x) {
  const { s, op, status, res } = x;
  const success = Math.floor(status / 100) === 2;
  (s.outcome || []).forEach((id) => x.add(id, 'refuses', !success, status));
  if (s.hostile && status >= 500) { // a server may well stumble over it; whether it should is inferred
    x.add(s.hostile, 'hostile-json', s.statuses.includes(status), status);
    return;
  }
  if (!success && s.status) {
    const good = s.statuses.includes(status);
    x.add(!good && s.milder && s.milder[status] || s.status, 'refusal-status', good, status);
  }
  x.own('no-server-error', status < 500 || s.statuses.includes(status), status);
  if (status < 400) return;
  x.own('no-action', !x.action, x.body);
  x.own('error-inside', !leaks(x), 'the token, in the answer');
  const challenge = header(res, 'Www-Authenticate');
  if (status === 401) x.own('challenge', challenged(challenge, op.scheme), challenge);
  if (status === 405 && !s.beside) {
    x.own('allow', header(res, 'Allow').split(',').some((m) => m.trim() === op.method), header(res, 'Allow'));
  }
  if (x.media !== 'application/json' && !x.media.endsWith('+json') || !x.body.trim() || x.action) return;
  x.own('utf-8', !x.body.startsWith('\uFEFF'), 'a byte order mark');
  x.own('error-form', x.json !== null, x.body);
  if (x.json && x.media !== 'application/problem+json') {
    const violations = [];
    op.refusing = op.refusing || prepared(op.error);
    valid(op.refusing, x.json.value, '', violations);
    op.enforced = op.enforced || byRequirement(op.error);
    op.enforced.forEach((id) => {
      const broken = violations.find((v) => v.requirement === id);
      x.add(id, 'error-form', !broken, broken && `${broken.at}: ${broken.got}`);
    });
  }
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// dated judges Date. What reads HTTP in front of an implementation gives some refusals, and those without one.
function dated(x) {
  const field = header(x.res, 'Date');
  const m = /^(\w{3}), (\d\d) (\w{3}) (\d{4}) (\d\d:\d\d:\d\d) GMT$/.exec(field);
  const month = m ? `0${months.indexOf(m[3]) + 1}`.slice(-2) : '';
  const t = m && instant(`${m[4]}-${month}-${m[2]}T${m[5]}Z`);
  const day = t && days[new Date(t.seconds * 1000).getUTCDay()];
  if (field) x.own('date-form', Boolean(t) && month !== '00' && day === m[1], field);
  if (x.status < 500 && ![400, 408, 413, 414, 417, 431].includes(x.status)) x.own('date-sent', field !== '', 'no Date');
}

// byRequirement returns the requirements that a schema enforces.
function byRequirement(schema, out = []) {
  if (!isObject(schema)) return out;
  Object.values(schema['x-rules'] || {}).concat((schema['x-inferred'] || []).map((e) => e.requirement))
    .forEach((id) => out.includes(id) || out.push(id));
  (schema.allOf || []).concat(Object.values(schema.properties || {}), schema.items || [])
    .forEach((part) => byRequirement(part, out));
  return out;
}

// leaks reports whether an answer repeats the token of the user.
const leaks = (x) => token.length >= 8 &&
  (x.body.includes(token) || Object.values(x.res.headers).some((v) => v.includes(token)));

// challenged reports whether a field names the scheme, outside the texts in quotes.
const challenged = (field, scheme) => new RegExp(`(?:^|,)[ \\t]*${scheme}(?:[ \\t,]|$)`, 'i')
  .test(field.replace(/"(?:[^"\\]|\\.)*"/g, '""'));

// The relations that one answer shows.

const judges = {
  rules: (x, r) => x.violations.filter((v) => v.requirement === r.requirement).map((v) => `${v.at}: ${v.got}`),
  'equals-request': (x, r) => {
    const sent = parsed(x.sent);
    const want = sent && isObject(sent.value) ? sent.value[r.member] : undefined;
    return typeof want !== 'string' || !want ? [] : each(x, r, (got) => same(r, got, want));
  },
  equals: (x, r) => {
    const want = at(x.object, r.other);
    return typeof want !== 'string' ? [] : each(x, r, (got) => same(r, got, want));
  },
  'one-of': (x, r) => each(x, r, (got) => r.values.includes(got)),
  pattern: (x, r) => each(x, r, (got) => expression(r.pattern).test(got)),
  'instant-form': (x, r) => each(x, r, (got) => instant(got) === null || expression(r.pattern).test(got)),
  instant: (x, r) => each(x, r, (got) => instant(got) !== null),
  within: (x, r) => times(x, r).filter((t) => before(t, instant(r.since)) ||
    before({ seconds: Date.now() / 1000 + r.ahead, fraction: '' }, t)).map((t) => t.text),
  ordered: (x, r) => times(x, r).filter((t, i, list) => i > 0 && before(t, list[i - 1])).map((t) => t.text),
};

// related judges the relations of each check in their order, up to the first that finds something: the others may rest
// on it.
function related(x) {
  const broken = {};
  (x.op.relations || []).forEach((r) => {
    if (broken[r.check]) return;
    const got = judges[r.kind](x, r);
    broken[r.check] = got.length > 0;
    x.add(r.requirement, r.check, got.length === 0, got[0]);
  });
}

// texts returns the strings at the places of a relation that keep their schema.
function texts(x, pointers) {
  return pointers.flatMap((pointer) => {
    x.read[pointer] = x.read[pointer] || places(x.object, pointer)
      .filter((p) => typeof p.value === 'string' && !x.violations.some((v) => v.at === p.at)).map((p) => p.value);
    return x.read[pointer];
  });
}

const each = (x, r, good) => texts(x, r.at).filter((got) => !good(got));
const same = (r, a, b) => a === b || Boolean(r.ignoreCase) && a.toLowerCase() === b.toLowerCase();

// times returns the instants of a relation, none where one of them cannot be read.
function times(x, r) {
  const found = r.at.map((pointer) => texts(x, [pointer]).map((t) => Object.assign({ text: t }, instant(t))));
  const list = found.flat();
  return found.some((f) => !f.length) || list.some((t) => t.seconds === undefined) ? [] : list;
}

// instant reads a date-time of RFC 3339, null where it is none, or no day of its month. A leap second counts as the
// second before it.
function instant(written) {
  const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;
  const m = form.exec(written.toUpperCase());
  if (!m) return null;
  const [year, month, day, hour, minute] = m.slice(1, 6).map(Number);
  const second = Math.min(Number(m[6]), 59);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists || hour > 23 || minute > 59 || m[6] > 60) return null;
  const offset = m[8] ? (m[8] === '-' ? -1 : 1) * (m[9] * 3600 + m[10] * 60) : 0;
  return { seconds: date.getTime() / 1000 - offset, fraction: (m[7] || '').slice(0, 9).padEnd(9, '0') };
}

const before = (a, b) => a.seconds < b.seconds || a.seconds === b.seconds && a.fraction < b.fraction;

// JSON, pointers and schemas.

const hasOwn = Object.prototype.hasOwnProperty;
const isObject = (v) => typeof v === 'object' && v !== null && !Array.isArray(v);

// parsed returns the value of a JSON text in an object, null where it is none.
function parsed(json) {
  try {
    return { value: JSON.parse(json) };
  } catch (e) {
    return null;
  }
}

// named reports whether no object in a JSON text has a name twice: it has as many names as the value that was read.
function named(json, value) {
  const strings = json.match(/"(?:[^"\\]|\\.)*"\s*:?/g) || [];
  return strings.filter((text) => text.endsWith(':')).length === names(value);
}

// names counts the names in a value.
function names(v) {
  if (Array.isArray(v)) return v.reduce((n, item) => n + names(item), 0);
  return isObject(v) ? Object.values(v).reduce((n, item) => n + 1 + names(item), 0) : 0;
}

// header returns a field of an answer, '' where it has none.
const header = (res, name) => res.headers[name] || '';

const unescaped = (segment) => segment.replace(/~1/g, '/').replace(/~0/g, '~');
const escaped = (member) => member.replace(/~/g, '~0').replace(/\//g, '~1');

// places returns what is at a pointer, in which * is every item.
function places(root, pointer) {
  return pointer.split('/').slice(1).reduce((list, segment) => list.flatMap((p) => {
    if (segment === '*') return Array.isArray(p.value) ? p.value.map((v, i) => ({ at: `${p.at}/${i}`, value: v })) : [];
    const name = unescaped(segment);
    const has = isObject(p.value) && hasOwn.call(p.value, name);
    return has ? [{ at: `${p.at}/${segment}`, value: p.value[name] }] : [];
  }), [{ at: '', value: root }]);
}

const at = (root, pointer) => (places(root, pointer)[0] || {}).value;

const types = {
  string: (v) => typeof v === 'string',
  number: (v) => typeof v === 'number',
  integer: (v) => Number.isInteger(v),
  boolean: (v) => typeof v === 'boolean',
  array: Array.isArray,
  object: isObject,
  null: (v) => v === null,
};

// Keywords that hold of one value.
const keywords = {
  enum: (want, v) => want.some((w) => JSON.stringify(w) === JSON.stringify(v)),
  const: (want, v) => JSON.stringify(want) === JSON.stringify(v),
  pattern: (want, v) => typeof v !== 'string' || expression(want).test(v),
  minLength: (want, v) => typeof v !== 'string' || [...v].length >= want,
  maxLength: (want, v) => typeof v !== 'string' || [...v].length <= want,
  minimum: (want, v) => typeof v !== 'number' || v >= want,
  maximum: (want, v) => typeof v !== 'number' || v <= want,
};

const expressions = {};
function expression(pattern) {
  expressions[pattern] = expressions[pattern] || new RegExp(pattern, 'u');
  return expressions[pattern];
}

// prepared returns a schema in the form in which valid reads it fast.
function prepared(schema) {
  const s = isObject(schema) ? schema : {};
  const rules = s['x-rules'] || {};
  const judged = (from, requirement) => Object.keys(keywords).filter((name) => from[name] !== undefined)
    .map((name) => ({ good: keywords[name], want: from[name], requirement: requirement(name) }));
  return {
    types: s.type ? [].concat(s.type).map((name) => types[name]) : null,
    type: rules.type,
    keywords: judged(s, (name) => rules[name])
      .concat((s['x-inferred'] || []).flatMap((e) => judged(e, () => e.requirement))),
    all: (s.allOf || []).map(prepared),
    required: (s.required || []).map((name) => ({ name, at: `/${escaped(name)}`,
      requirement: rules[`required/${name}`] || rules.required })),
    members: Object.keys(s.properties || {}).map((name) => ({ name, at: `/${escaped(name)}`,
      schema: prepared(s.properties[name]) })),
    items: s.items ? prepared(s.items) : null,
  };
}

// valid judges a value by a prepared schema, and adds what is broken to out.
function valid(s, v, place, out) {
  const add = (where, requirement, got) => out.push({ at: where, requirement, got: shown(got) });
  if (s.types && !s.types.some((is) => is(v))) {
    add(place, s.type, JSON.stringify(v));
    return; // the other keywords are of another type
  }
  for (const k of s.keywords) if (!k.good(k.want, v)) add(place, k.requirement, JSON.stringify(v));
  for (const part of s.all) valid(part, v, place, out);
  if (isObject(v)) {
    for (const m of s.required) if (!hasOwn.call(v, m.name)) add(place + m.at, m.requirement, 'no such member');
    for (const m of s.members) if (hasOwn.call(v, m.name)) valid(m.schema, v[m.name], place + m.at, out);
  } else if (s.items && Array.isArray(v)) {
    v.forEach((item, i) => valid(s.items, item, `${place}/${i}`, out));
  }
}

// shown is a short text without the tokens of the user.
function shown(got) {
  const secrets = Object.values(contract.tokens).map(setting).filter((t) => t);
  return secrets.reduce((line, t) => line.split(t).join('…'), String(got)).replace(/\s+/g, ' ').slice(0, 80);
}

export function handleSummary(summary) {
  const failed = [];
  summary.root_group.groups.forEach((g) => g.checks.filter((c) => c.fails).forEach((c) => {
    const [, requirement, name] = /^(\S+) \((.*)\)$/.exec(c.name);
    failed.push({ case: g.name, requirement, level: contract.requirements[requirement], check: name, fails: c.fails,
      passes: c.passes });
  }));
  failed.sort((a, b) => (a.case + a.requirement + a.check < b.case + b.requirement + b.check ? -1 : 1));
  const values = (name) => (summary.metrics[name] || { values: {} }).values;
  const missed = [];
  Object.keys(summary.metrics).forEach((name) => Object.entries(summary.metrics[name].thresholds || {})
    .filter(([, t]) => !t.ok).forEach(([text]) => missed.push(`${name} ${text}`)));
  const rate = values('judged');
  const report = {
    fmaspec: '/*version*/', level: levels[level],
    checks: { passes: values('checks').passes || 0, fails: values('checks').fails || 0 },
    answers: { judged: rate.passes || 0, unjudged: rate.fails || 0 }, thresholds_missed: missed.sort(), failed,
    duration_ms: values('http_req_duration'), requests: values('http_reqs'), skipped: Array.from(skipped),
  };
  const worst = failed.slice(0, 20).map((f) => `  FAIL ${f.case}  ${f.requirement} (${f.check}), ${f.level}: ` +
    `${f.fails} of ${f.fails + f.passes}\n`);
  const more = failed.length > 20 ? `  and ${failed.length - 20} more\n` : '';
  const out = {
    stdout: `${worst.join('')}${more}fmaspec: ${rate.passes || 0} answers judged, ${rate.fails || 0} not; ` +
      `${failed.length} checks of cases fail; ` +
      `${missed.length ? `missed: ${missed.join(', ')}` : 'every threshold is kept'}\n`,
  };
  const file = __ENV.SUMMARY === undefined ? 'fmaspec-k6.json' : __ENV.SUMMARY;
  if (file) out[file] = `${JSON.stringify(report, null, 1)}\n`;
  return out;
}
