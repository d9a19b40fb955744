/**
 * What the sample cluster says of itself and of its one user, who may do everything but
 * what a test forbids: `/version`, SelfSubjectReview, SelfSubjectAccessReview.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers if the path is one of these. `isDenied` is asked for `verb resource`. */
export function answerReview(request: IncomingMessage, response: ServerResponse, isDenied: (what: string) => boolean): boolean {
  switch (request.url) {
    case '/version':
      json(response, { major: '1', minor: '36', gitVersion: 'v1.36.0-sample' })
      return true
    case '/apis/authentication.k8s.io/v1/selfsubjectreviews':
      request.resume()
      json(response, { kind: 'SelfSubjectReview', status: { userInfo: { username: 'sample', groups: ['system:authenticated'] } } })
      return true
    case '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews':
      void review(request, response, isDenied)
      return true
    default:
      return false
  }
}

async function review(request: IncomingMessage, response: ServerResponse, isDenied: (what: string) => boolean): Promise<void> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  const asked = JSON.parse(text) as { spec: { resourceAttributes: { verb: string; resource: string; subresource?: string } } }
  const { verb, resource, subresource } = asked.spec.resourceAttributes
  const what = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`
  json(response, { kind: 'SelfSubjectAccessReview', status: { allowed: !isDenied(what) } })
}

function json(response: ServerResponse, value: object): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(value))
}
