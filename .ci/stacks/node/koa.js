// Both operations by Koa, with its defaults and those of its router and body parser.
import Router from '@koa/router'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'
import { action, badHost, isJSON, known, mend, refusal, types, wrong } from './action.js'

const app = new Koa()
if (mend) app.use((ctx, next) => badHost(ctx.req) ? ctx.throw(400) : next())
const router = new Router()

const authorize = async (ctx, next) => {
  const refused = refusal(ctx.get('Authorization'))
  if (!refused) return next()
  ctx.status = refused.status
  ctx.set(refused.headers)
}

const body = bodyParser(mend ? {
  detectJSON: ctx => isJSON(ctx.get('Content-Type')),
  onerror: (error, ctx) => ctx.throw(400)
} : {})

for (const [operation, type] of Object.entries(types)) {
  router.post(`/testwdatppreview/machines/:id/${operation}`, authorize, body, ctx => {
    if (!known(ctx.params.id)) ctx.throw(404, 'no such machine')
    const problem = wrong(ctx.request.body)
    if (problem) ctx.throw(400, problem)
    ctx.status = 201
    ctx.body = action(type, ctx.params.id, ctx.request.body)
  })
}

app.use(router.routes()).use(router.allowedMethods()).listen(process.env.PORT, '127.0.0.1')
