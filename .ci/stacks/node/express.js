// Both operations by Express, with its defaults.
import express from 'express'
import { action, badHost, known, mend, refusal, types, wrong } from './action.js'

const app = express()
if (mend) {
  app.set('env', 'production')
  app.use((request, response, next) => badHost(request) ? response.sendStatus(400) : next())
}

const authorize = (request, response, next) => {
  const refused = refusal(request.get('Authorization'))
  if (refused) return response.status(refused.status).set(refused.headers).json({ error: 'refused' })
  next()
}

for (const [operation, type] of Object.entries(types)) {
  app.post(`/testwdatppreview/machines/:id/${operation}`, authorize, express.json(), (request, response) => {
    if (!known(request.params.id)) return response.status(404).json({ error: 'no such machine' })
    const problem = wrong(request.body)
    if (problem) return response.status(400).json({ error: problem })
    response.status(201).json(action(type, request.params.id, request.body))
  })
}

app.listen(process.env.PORT, '127.0.0.1')
