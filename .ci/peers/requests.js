// The requests of a contract test that an engineer writes by hand from the documents: what is accepted, and one
// request for each thing that is refused. Newman and Step CI send them, and the traffic through Prism's proxy is made
// of them.
'use strict'

const { createHash } = require('node:crypto')

const operations = { requestSample: 'RequestSample', stopAndQuarantineFile: 'StopAndQuarantineFile' }
const machine = 'fb9ab6be3965095a09c057be7c90f0a2'

/** The requests of one operation: name, request, and the statuses that are right. */
function requests(operation, env) {
  const path = `/testwdatppreview/machines/${machine}/${operation}`
  // Each request is about a file of its own, for a server may refuse what is under way.
  const one = (name, statuses, change = () => ({})) => {
    const sha1 = createHash('sha1').update(operation + name).digest('hex')
    const good = { Comment: 'Due to alert 32123', Sha1: sha1 }
    const { headers, ...rest } = change(good, sha1)
    return {
      name, statuses, method: 'POST', path, sha1,
      headers: { Authorization: `Bearer ${env.token}`, 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(good), ...rest
    }
  }
  const body = value => ({ body: typeof value === 'string' ? value : JSON.stringify(value) })
  const bad = [400, 422]
  return [
    one('accepts a plain request', [201]),
    one('accepts a charset', [201], () => ({ headers: { 'Content-Type': 'application/json; charset=utf-8' } })),
    one('accepts a media type in capitals', [201], () => ({ headers: { 'Content-Type': 'Application/JSON' } })),
    one('accepts the scheme in small letters', [201], () => ({ headers: { Authorization: `bearer ${env.token}` } })),
    one('accepts a Sha1 in capitals', [201], (good, sha1) => ({ ...body({ ...good, Sha1: sha1.toUpperCase() }) })),
    one('accepts a further member', [201], good => body({ ...good, Further: [1] })),
    one('accepts the members in another order', [201], (_, sha1) => body({ Sha1: sha1, Comment: 'Other' })),
    one('accepts text beyond ASCII', [201], good => body({ ...good, Comment: 'Prüfung 検査 🔍' })),
    one('accepts escapes', [201], (_, sha1) => body(`{"\\u0043omment":"\\ud83d\\udd0d \\"x\\"","Sha1":"${sha1}"}`)),
    one('refuses a request without Authorization', [401], () => ({ headers: { Authorization: undefined } })),
    one('refuses Basic', [401, 400], () => ({ headers: { Authorization: 'Basic YTpi' } })),
    one('refuses an unknown token', [401], () => ({ headers: { Authorization: 'Bearer a-token-that-nobody-issued' } })),
    one('refuses a user without role', [403, 404], () => ({ headers: { Authorization: `Bearer ${env.unprivileged}` } })),
    one('refuses an unknown machine', [404], () => ({ path: path.replace(machine, env.unknown) })),
    one('refuses a missing Comment', bad, (_, sha1) => body({ Sha1: sha1 })),
    one('refuses a missing Sha1', bad, () => body({ Comment: 'x' })),
    one('refuses a number as Comment', bad, good => body({ ...good, Comment: 32123 })),
    one('refuses null as Comment', bad, good => body({ ...good, Comment: null })),
    one('refuses an array as Sha1', bad, (good, sha1) => body({ ...good, Sha1: [sha1] })),
    one('refuses a blank Comment', bad, good => body({ ...good, Comment: ' ' })),
    one('refuses a Sha1 of 39 digits', [...bad, 404], (good, sha1) => body({ ...good, Sha1: sha1.slice(1) })),
    one('refuses a Sha1 with another letter', [...bad, 404], (good, sha1) => body({ ...good, Sha1: 'g' + sha1.slice(1) })),
    one('refuses names in small letters', bad, (_, sha1) => body({ comment: 'x', sha1 })),
    one('refuses an array', bad, good => body([good])),
    one('refuses a string', bad, () => body('"text"')),
    one('refuses nothing', bad, () => body('')),
    one('refuses an object that is cut', bad, good => body(JSON.stringify(good).slice(0, -1))),
    one('refuses a comma behind the last member', bad, good => body(JSON.stringify(good).replace('}', ',}'))),
    one('refuses text/plain', [415, ...bad], () => ({ headers: { 'Content-Type': 'text/plain' } })),
    one('refuses GET', [405, 404], () => ({ method: 'GET', body: undefined })),
    one('refuses DELETE', [405, 404, 501], () => ({ method: 'DELETE', body: undefined }))
  ]
}

module.exports = { operations, requests }
