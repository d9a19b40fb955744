/**
 * What the sample cluster's API server says of itself and of who asks. Pure.
 *
 * Everybody with the token is `sample` and may do everything, as in most clusters that
 * people try things on.
 */

/** The answer to a request about the server or its caller; undefined for any other request. */
export function answerQuestion(method: string | undefined, path: string): object | undefined {
  switch (`${method} ${path}`) {
    case 'GET /version':
      return { major: '1', minor: '36', gitVersion: 'v1.36.0-sample' }
    case 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews':
      return {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'SelfSubjectReview',
        status: { userInfo: { username: 'sample', groups: ['system:authenticated'] } },
      }
    case 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews':
      return { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', status: { allowed: true } }
    default:
      return undefined
  }
}
