// What the servers in this folder share: who may act, what a request has to be, and the answer.
import { randomUUID } from 'node:crypto'

/** The status and header fields of a refusal for these credentials, or nothing. */
export function refusal(authorization) {
  const [scheme, ...rest] = (authorization ?? '').split(' ')
  const token = rest.join(' ').trim()
  if (scheme.toLowerCase() !== 'bearer' || token === '') {
    return { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } }
  }
  if (token === process.env.FMASPEC_UNPRIVILEGED_TOKEN) return { status: 403, headers: {} }
  if (token !== process.env.FMASPEC_TOKEN) {
    return { status: 401, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } }
  }
}

/** Whether the mends of docs/stacks.md are applied. */
export const mend = process.env.MEND === '1'

/** Whether the Host of an IncomingMessage is there twice, or no host: Node lets both pass. */
export function badHost(request) {
  const names = request.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host')
  return names.length > 1 || !/^[^\s/?#@]*$/.test(request.headers.host)
}

export const isJSON = media => /^application\/json[ \t]*(;|$)/i.test(media ?? '')

export const types = { requestSample: 'RequestSample', stopAndQuarantineFile: 'StopAndQuarantineFile' }

export const known = machine => process.env.MACHINES.split(',').includes(machine)

/** What is wrong with a body, or nothing. */
export function wrong(body) {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'the body is not a JSON object'
  if (typeof body.Comment !== 'string' || body.Comment.trim() === '') return 'Comment is missing'
  if (typeof body.Sha1 !== 'string' || !/^[0-9a-f]{40}$/i.test(body.Sha1)) return 'Sha1 is not 40 hexadecimal digits'
}

export function action(type, machine, { Comment, Sha1 }) {
  const now = new Date().toISOString()
  return {
    '@odata.context': 'https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity',
    id: randomUUID(),
    sha1: Sha1,
    type,
    requestor: 'Analyst@contoso.com',
    requestorComment: Comment,
    status: 'InProgress',
    fileId: Sha1,
    machineId: machine,
    creationDateTimeUtc: now,
    lastUpdateDateTimeUtc: now,
    fileInstances: [{ filePath: 'C:\\Windows\\System32\\conhost.exe', status: 'InProgress' }]
  }
}
