// Both operations by node:http, with its defaults.
import { createServer } from 'node:http'
import { action, badHost, known, mend, refusal, types, wrong } from './action.js'

const route = /^\/testwdatppreview\/machines\/([^/]+)\/(requestSample|stopAndQuarantineFile)$/

createServer(async (request, response) => {
  const refuse = (status, headers, message) => response.writeHead(status, headers).end(message)
  if (mend && badHost(request)) return refuse(400, {}, 'one Host, please')
  const { pathname } = new URL(request.url, 'http://localhost')
  const [, id, operation] = route.exec(pathname) ?? []
  if (!operation) return refuse(404, {}, 'not found')
  if (request.method !== 'POST') return refuse(405, { Allow: 'POST' }, 'want POST')
  const refused = refusal(request.headers.authorization)
  if (refused) return refuse(refused.status, refused.headers, 'refused')
  if (!known(id)) return refuse(404, {}, 'no such machine')
  const media = (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase()
  if (media !== 'application/json') return refuse(415, {}, 'want application/json')
  let body
  try {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    body = JSON.parse(Buffer.concat(chunks))
  } catch {
    return refuse(400, {}, 'the body is not JSON')
  }
  const problem = wrong(body)
  if (problem) return refuse(400, {}, problem)
  response.writeHead(201, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(action(types[operation], id, body)))
}).listen(process.env.PORT, '127.0.0.1')
