// Both operations by Fastify, with its defaults: the body is judged by a schema.
import Fastify from 'fastify'
import { action, badHost, known, mend, refusal, types } from './action.js'

const app = Fastify(mend ? { ajv: { customOptions: { coerceTypes: false } } } : {})
if (mend) {
  app.addHook('onRequest', async (request, reply) => badHost(request.raw) ? reply.code(400).send() : undefined)
}

const body = {
  type: 'object',
  required: ['Comment', 'Sha1'],
  properties: {
    Comment: { type: 'string', pattern: '\\S' },
    Sha1: { type: 'string', pattern: '^[0-9a-fA-F]{40}$' }
  }
}

async function authorize(request, reply) {
  const refused = refusal(request.headers.authorization)
  if (refused) return reply.code(refused.status).headers(refused.headers).send({ error: 'refused' })
}

for (const [operation, type] of Object.entries(types)) {
  const options = { onRequest: authorize, schema: { body } }
  app.post(`/testwdatppreview/machines/:id/${operation}`, options, async (request, reply) => {
    if (!known(request.params.id)) return reply.code(404).send({ error: 'no such machine' })
    return reply.code(201).send(action(type, request.params.id, request.body))
  })
}

app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
