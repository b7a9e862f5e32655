// Uses the types that openapi-typescript makes of the OpenAPI document. It is
// compiled and not run: tsc refuses what does not fit. Each line below a comment of
// the form @ts-expect-error has to be refused.
import type { components, operations, paths } from './out/contract.js'

type Schemas = components['schemas']
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>): void => undefined

const asked: Schemas['ActionRequest'] = { Comment: 'from TypeScript', Sha1: '8d25682b3a82af25b42dc90291c35ff3293daa68' }
// @ts-expect-error Sha1 is missing
const unasked: Schemas['ActionRequest'] = { Comment: 'from TypeScript' }

// The answers are those named types, and their type is one word and never any.
type Answer<O extends keyof operations> = operations[O]['responses'][201]['content']['application/json']
same<Answer<'requestSample'>, Schemas['RequestSampleAction']>(true)
same<Answer<'stopAndQuarantineFile'>, Schemas['StopAndQuarantineFileAction']>(true)
same<Answer<'requestSample'>['type'], 'RequestSample'>(true)
same<Answer<'stopAndQuarantineFile'>['type'], 'StopAndQuarantineFile'>(true)
same<Answer<'requestSample'>['fileInstances'], Schemas['FileInstance'][]>(true)
same<Answer<'requestSample'>['creationDateTimeUtc'], string>(true)
// @ts-expect-error the other operation's word
same<Answer<'requestSample'>['type'], 'StopAndQuarantineFile'>(true)

// Every refusal has one and the same error, or one and the same problem.
type Refusal = operations['requestSample']['responses'][400 | 401 | 403 | 404 | 415 | 422]
same<Refusal['content']['application/json'], Schemas['Error']>(true)
same<Refusal['content']['application/problem+json'], Schemas['Problem']>(true)

// A 201 may have a Location, a 401 has a challenge.
same<operations['requestSample']['responses'][201]['headers']['Location'], string | undefined>(true)
same<operations['requestSample']['responses'][401]['headers']['WWW-Authenticate'], string>(true)

// The two paths have POST and nothing else.
const path: keyof paths = '/testwdatppreview/machines/{id}/requestSample'
same<paths[typeof path]['post'], operations['requestSample']>(true)
same<paths[typeof path]['get'], undefined>(true)

export { asked, path, unasked }
