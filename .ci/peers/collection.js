// Prints a collection for Newman: node collection.js CONTRACT, where CONTRACT is OpenAPI 3.0 in JSON.
'use strict'
const { operations, requests } = require('./requests.js')
const { resolved } = require('./schema.js')

const contract = process.argv[2]
const env = { token: '{{token}}', unprivileged: '{{unprivileged}}', unknown: '{{unknown}}' }

function script(request, type) {
  const schema = resolved(contract, type + 'Action')
  const accepted = request.statuses.includes(201)
  return (accepted
    ? `pm.test('201', () => pm.response.to.have.status(201))
pm.test('media type', () => pm.expect(pm.response.headers.get('Content-Type')).to.match(/^application\\/json *(;|$)/i))
pm.test('schema', () => pm.response.to.have.jsonSchema(${JSON.stringify(schema)}))
const action = pm.response.json()
pm.test('sha1', () => pm.expect(action.sha1.toLowerCase()).to.eql('${request.sha1}'))
pm.test('fileId', () => pm.expect(action.fileId.toLowerCase()).to.eql('${request.sha1}'))
pm.test('id', () => pm.expect(action.id).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i))
const ids = JSON.parse(pm.collectionVariables.get('ids') ?? '[]')
pm.test('an id of its own', () => pm.expect(ids).to.not.include(action.id))
pm.collectionVariables.set('ids', JSON.stringify([...ids, action.id]))
const context = /\\/testwdatppreview\\/\\$metadata#FileMachineActions\\/\\$entity$/
pm.test('context', () => pm.expect(action['@odata.context']).to.match(context))
pm.test('machineId', () => pm.expect(action.machineId).to.match(/^([0-9a-f]{32}|[0-9a-f]{40})$/i))
pm.test('the same machine', () => {
  pm.expect(pm.collectionVariables.get('machine') ?? action.machineId).to.eql(action.machineId)
  pm.collectionVariables.set('machine', action.machineId)
})
pm.test('requestor', () => pm.expect(action.requestor.trim()).to.not.eql(''))
const statuses = ['InProgress', 'Succeeded', 'Pending', 'Failed', 'TimeOut', 'Cancelled']
pm.test('status', () => pm.expect(statuses).to.include(action.status))
pm.test('times', () => {
  for (const time of [action.creationDateTimeUtc, action.lastUpdateDateTimeUtc]) {
    pm.expect(time).to.match(/^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?(Z|[+]00:00)$/i)
    pm.expect(Date.parse(time)).to.be.within(Date.parse('2016-01-01'), Date.now() + 86400000)
  }
  pm.expect(Date.parse(action.lastUpdateDateTimeUtc)).to.be.at.least(Date.parse(action.creationDateTimeUtc))
})`
    : `pm.test('status', () => pm.expect(${JSON.stringify(request.statuses)}).to.include(pm.response.code))
${request.statuses.includes(401) ? `if (pm.response.code === 401) {
  pm.test('challenge', () => pm.expect(pm.response.headers.get('WWW-Authenticate')).to.match(/\\bBearer\\b/i))
}
` : ''}${request.method !== 'POST' ? `if (pm.response.code === 405) {
  pm.test('Allow', () => pm.expect(pm.response.headers.get('Allow')).to.match(/\\bPOST\\b/))
}
` : ''}pm.test('no action', () => pm.expect(pm.response.text()).to.not.match(/"fileInstances"/))
const inside = /\\n\\s+at |Traceback|goroutine \\d|Bearer [A-Za-z0-9]/
pm.test('nothing of its inside', () => pm.expect(pm.response.text()).to.not.match(inside))
pm.test('error', () => {
  if (!/json/.test(pm.response.headers.get('Content-Type') ?? '') || pm.response.text() === '') return
  const { error } = Object(pm.response.json())
  if (typeof error === 'object' && error !== null && !Array.isArray(error)) {
    pm.expect(error.code).to.be.a('string')
    pm.expect(error.message).to.be.a('string')
  }
})`).split('\n')
}

const item = Object.entries(operations).flatMap(([operation, type]) => requests(operation, env).map(request => ({
  name: `${operation}: ${request.name}`,
  protocolProfileBehavior: { disabledSystemHeaders: { 'content-type': true }, disableBodyPruning: true },
  request: {
    method: request.method,
    url: '{{url}}' + request.path,
    header: Object.entries(request.headers).filter(([, value]) => value !== undefined)
      .map(([key, value]) => ({ key, value })),
    ...(request.body === undefined ? {} : { body: { mode: 'raw', raw: request.body } })
  },
  event: [{ listen: 'test', script: { exec: script(request, type) } }]
})))
console.log(JSON.stringify({
  info: { name: 'fmaspec', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' }, item
}))
