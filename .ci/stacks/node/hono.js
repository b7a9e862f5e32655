// Both operations by Hono on Node, with its defaults.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { action, badHost, isJSON, known, mend, refusal, types, wrong } from './action.js'

const app = new Hono()
if (mend) {
  app.use((c, next) => badHost(c.env.incoming) ? c.body(null, 400) : next())
  app.use((c, next) => c.req.method === 'POST' && !isJSON(c.req.header('Content-Type')) ? c.body(null, 415) : next())
}

for (const [operation, type] of Object.entries(types)) {
  app.post(`/testwdatppreview/machines/:id/${operation}`, async c => {
    const refused = refusal(c.req.header('Authorization'))
    if (refused) return c.json({ error: 'refused' }, refused.status, refused.headers)
    const machine = c.req.param('id')
    if (!known(machine)) return c.json({ error: 'no such machine' }, 404)
    let body
    try {
      body = await c.req.json()
    } catch {
      return c.json({ error: 'the body is not JSON' }, 400)
    }
    const problem = wrong(body)
    if (problem) return c.json({ error: problem }, 400)
    return c.json(action(type, machine, body), 201)
  })
}

serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' })
