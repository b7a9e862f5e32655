// Prints a workflow for Step CI: node workflow.js CONTRACT URL, where CONTRACT is OpenAPI 3.0 in JSON. TOKEN,
// UNPRIVILEGED and UNKNOWN are what the server knows.
'use strict'
const { operations, requests } = require('./requests.js')
const { resolved } = require('./schema.js')

const [contract, url] = process.argv.slice(2)
const env = { token: process.env.TOKEN, unprivileged: process.env.UNPRIVILEGED, unknown: process.env.UNKNOWN }
const matches = text => `/${text}/`

function check(request, type) {
  if (!request.statuses.includes(201)) {
    const challenge = request.statuses.length === 1 && request.statuses[0] === 401
    return {
      status: matches(`^(${request.statuses.join('|')})$`),
      ...(challenge ? { headers: { 'www-authenticate': matches('Bearer') } } : {})
    }
  }
  return {
    status: 201,
    headers: { 'content-type': matches('^application.json *(;|$)') },
    schema: resolved(contract, type + 'Action'),
    jsonpath: {
      '$.sha1': [{ match: `^(${request.sha1}|${request.sha1.toUpperCase()})$` }],
      '$.fileId': [{ match: `^(${request.sha1}|${request.sha1.toUpperCase()})$` }],
      '$.id': [{ match: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' }],
      '$.machineId': [{ match: '^([0-9a-fA-F]{32}|[0-9a-fA-F]{40})$' }],
      '$.requestor': [{ match: '[^ ]' }],
      '$.status': [{ match: '^(InProgress|Succeeded|Pending|Failed|TimeOut|Cancelled)$' }]
    }
  }
}

console.log(JSON.stringify({
  version: '1.1',
  name: 'fmaspec',
  config: { continueOnFail: true },
  tests: Object.fromEntries(Object.entries(operations).map(([operation, type]) => [operation, {
    steps: requests(operation, env).map(request => ({
      name: request.name,
      http: {
        url: url + request.path,
        method: request.method,
        headers: Object.fromEntries(Object.entries(request.headers).filter(([, value]) => value !== undefined)),
        ...(request.body === undefined ? {} : { body: request.body }),
        timeout: 10000,
        check: check(request, type)
      }
    }))
  }]))
}))
