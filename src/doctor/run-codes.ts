/** What the codes of a running forward mean. Data only; `catalogue.ts` joins and prints it. */
import type { FailureCode } from '../tunnel/failure.ts'
import type { Entry } from './catalogue.ts'

const TRACE = 'kpf trace NAME'

/** Codes that are no failure of a dial: of the machine, and of limits. */
type OtherCode =
  | 'KPF_PORT_BUSY'
  | 'KPF_PENDING'
  | 'KPF_BIND_REFUSED'
  | 'KPF_CLUSTER'
  | 'KPF_RESTARTS_USED_UP'
  | 'KPF_CONNECTION_LIMIT'
  | 'KPF_CONNECTIONS_HIGH'
  | 'KPF_HOLD_TIMEOUT'
  | 'KPF_WATCH'
  | 'KPF_CONTROL'
  | 'KPF_PORTS_FILE'
  | 'KPF_NOTIFY'
  | 'KPF_INTERNAL'

/** By code, along the way of a connection: machine, kubeconfig, credentials, network, server, object, tunnel, stream, limits. */
export const runCodes = {
  KPF_PORT_BUSY: {
    behind: 'another program has the local port; kpf takes it over when it is free, or has given up (`onConflict: fail`)',
    see: 'ss -ltnp "sport = :PORT"',
    fix: 'stop that program, or choose another `localPort`',
  },
  KPF_BIND_REFUSED: {
    behind: 'the machine refuses the address or the port; it is asked again every 30 s',
    see: 'ip address',
    fix: 'choose another address, or a port of 1024 or above',
  },
  KPF_PENDING: { behind: 'the forward waits until what it depends on is ready', see: 'kpf ps', fix: 'see the state of that' },
  KPF_CONTEXT_UNKNOWN: {
    behind: 'the kubeconfig has no such context, or no current one',
    see: 'kubectl config get-contexts',
    fix: 'name one that it has, or: kubectl config use-context NAME',
  },
  KPF_CLUSTER_UNEXPECTED: {
    behind: 'the context leads to another API server than the file expects (`expect.server`)',
    see: 'kubectl config view --minify',
    fix: 'use the context that leads there, or correct `expect.server`',
  },
  KPF_KUBECONFIG: {
    behind: 'the kubeconfig is missing, broken, or refers to what it does not hold, or its client certificate and key are none or no pair',
    see: 'kubectl config view',
    fix: 'correct it; kpf sees it and goes on',
  },
  KPF_KUBECONFIG_UNSUPPORTED: {
    behind: 'the user has an auth provider that kubectl dropped as well',
    see: 'kubectl config view --minify',
    fix: 'use an exec plugin',
  },
  KPF_AUTH_REFUSED: {
    behind: 'the API server answered 401, or refused the client certificate',
    see: 'kubectl auth whoami; kpf doctor',
    fix: 'log in again; kpf sees it and goes on',
  },
  KPF_AUTH_PLUGIN: {
    behind: 'the credential plugin failed, hangs, is not installed, or needs a terminal',
    see: 'kubectl get --raw /version',
    fix: 'run the login of the plugin',
  },
  KPF_CREDENTIAL_EXPIRED: {
    behind: 'the OpenID session is over: the refresh token is refused, or there is none',
    see: 'kubectl auth whoami',
    fix: 'log in again; kpf sees it and goes on',
  },
  KPF_CREDENTIAL_ISSUER: {
    behind: 'the OpenID issuer cannot be reached, or gives no token',
    see: 'curl ISSUER/.well-known/openid-configuration',
    fix: 'check the issuer and the network',
  },
  KPF_FORBIDDEN: {
    behind: 'the user lacks a right; the message names it',
    see: 'kpf rbac --check NAME',
    fix: 'ask for the role that `kpf rbac NAME` prints',
  },
  KPF_ADMISSION_DENIED: {
    behind: 'an admission webhook or policy of the cluster denies the port-forward, with the words in the message',
    see: 'kubectl get validatingwebhookconfigurations,validatingadmissionpolicies',
    fix: 'ask who runs that webhook or policy; no role helps',
  },
  KPF_TLS_VERIFY: {
    behind: "the server's certificate is not of the kubeconfig's authority, has ended, or is for another name; a cluster that was rebuilt has a new authority",
    see: 'openssl s_client -connect HOST:PORT -showcerts </dev/null',
    fix: 'fetch the kubeconfig anew, or correct `certificate-authority` or `tls-server-name`; kpf sees it and goes on',
  },
  KPF_TLS_FAILED: {
    behind: 'the TLS handshake failed',
    see: 'openssl s_client -connect HOST:PORT </dev/null',
    fix: 'check that the server speaks TLS on this port, and the client certificate',
  },
  KPF_CLUSTER_UNREACHABLE: { behind: 'no connection to the API server', see: 'kubectl get --raw /readyz', fix: 'check the cluster, the network, the VPN' },
  KPF_CLUSTER_DNS: {
    behind: "the server's name cannot be resolved",
    see: 'getent hosts HOST',
    fix: 'check the network, the VPN, and the server in the kubeconfig',
  },
  KPF_CLUSTER_TIMEOUT: { behind: 'no answer in time', see: TRACE, fix: 'check the network, the VPN' },
  KPF_PROXY_UNREACHABLE: {
    behind: 'the proxy before the cluster refuses the connection, breaks off, or says nothing',
    see: 'curl -v -x PROXY SERVER/version',
    fix: 'check the proxy, or `proxy-url` and `HTTPS_PROXY`',
  },
  KPF_PROXY_AUTH: { behind: 'the proxy wants a user and a password (407)', see: 'curl -v -x PROXY SERVER/version', fix: 'write them into its URL' },
  KPF_PROXY_REFUSED: {
    behind: 'the proxy does not let us through (403 and others)',
    see: 'curl -v -x PROXY SERVER/version',
    fix: 'ask who runs it, or add the server to `NO_PROXY`',
  },
  KPF_PROXY_GATEWAY: { behind: 'the proxy cannot reach the API server (502, 503, 504)', see: 'curl -v -x PROXY SERVER/version', fix: 'check the cluster' },
  KPF_PROXY_URL: {
    behind: 'what names the proxy is no URL, or of an unknown kind',
    see: 'env; kubectl config view --minify',
    fix: 'write `http://`, `https://` or `socks5://`, then `HOST:PORT`',
  },
  KPF_CLUSTER_BUSY: {
    behind: 'the API server or the node asks to wait (429, 503): too many requests, or it is shutting down',
    see: 'kubectl get --raw /readyz',
    fix: 'nothing: kpf waits as asked',
  },
  KPF_CLUSTER_ERROR: { behind: 'another answer of the API server', see: TRACE, fix: 'see the message' },
  KPF_CLUSTER: { behind: 'something to know about a cluster, such as unverified TLS', see: 'kubectl config view --minify', fix: 'see the message' },
  KPF_OBJECT_MISSING: {
    behind: 'the target does not exist (yet)',
    see: 'kubectl get all -n NAMESPACE',
    fix: 'check name, namespace and context',
  },
  KPF_NO_SELECTOR: { behind: 'the Service selects no pods, and its endpoints are none', see: 'kubectl describe service NAME', fix: 'forward to a pod' },
  KPF_NO_POD: { behind: 'no pod is usable; the message tells why', see: 'kubectl get pods -n NAMESPACE', fix: 'see the command in the hint' },
  KPF_PORT_UNKNOWN: { behind: 'the Service or the pod has no such port', see: 'kubectl describe service NAME', fix: 'use one of the ports in the hint' },
  KPF_POD_GONE: { behind: 'the pod was deleted; another is picked', see: 'kubectl get events -n NAMESPACE', fix: 'nothing' },
  KPF_POD_NOT_RUNNING: {
    behind: 'the pod is there, but has no node, is not up or not ready',
    see: 'kubectl describe pod NAME',
    fix: "see the pod's own reason",
  },
  KPF_NODE_UNREACHABLE: {
    behind: "the control plane cannot reach the pod's node: the node or its kubelet is down, or no konnectivity agent is connected",
    see: 'kubectl get nodes; kubectl get pods -n kube-system -l k8s-app=konnectivity-agent',
    fix: 'check the node, and the agents that tunnel to it; kpf tries again',
  },
  KPF_TRANSPORT_REFUSED: {
    behind: 'the server, or a proxy before it, speaks none of the transports, or not the forced one',
    see: TRACE,
    fix: 'leave `transport` at `auto`; else ask who runs the proxy to pass upgrades',
  },
  KPF_TUNNEL_LOST: { behind: 'the tunnel was cut; it is dialled again', see: TRACE, fix: 'nothing' },
  KPF_TUNNEL_FLAPPING: {
    behind: 'the tunnel was lost more than 10 times in 5 minutes; it is dialled at most once a minute until it lasts. Told once',
    see: 'kpf trace NAME --repeat 10',
    fix: 'check the network, the VPN, or a proxy that ends connections',
  },
  KPF_TUNNEL_SILENT: { behind: 'pings are not answered; the message names the leg', see: 'kubectl get nodes', fix: 'nothing; the tunnel is dialled again' },
  KPF_TUNNEL_MALFORMED: { behind: 'the peer broke the protocol', see: TRACE, fix: 'report it' },
  KPF_STREAM_REFUSED: {
    behind: 'nothing listens on the port in the pod',
    see: 'kubectl exec POD -- ss -ltn',
    fix: 'check the remote port, and that the program is up',
  },
  KPF_STREAM_RESET: { behind: 'the program in the pod reset the connection', see: 'kubectl logs POD', fix: 'look at the program' },
  KPF_STREAM_TIMEOUT: { behind: 'the node did not take the connection', see: 'kubectl describe node NODE', fix: 'check the node and its container runtime' },
  KPF_STREAM_FAILED: { behind: 'the node could not open the connection', see: TRACE, fix: 'see the message' },
  KPF_RESTARTS_USED_UP: {
    behind: '`restart: on-failure:N` is used up',
    see: TRACE,
    fix: 'press `r`, or change the file or the kubeconfig, to begin again',
  },
  KPF_CONNECTION_LIMIT: {
    behind:
      'more connections at once than `limits.maxConnections`, more waiting than `hold.maxConnections` (or 512 in all), or more than the process may hold; new ones are reset. Said once, then counted, and said again after 15 minutes',
    see: 'ss -tn "sport = :PORT"',
    fix: 'raise the limit',
  },
  KPF_CONNECTIONS_HIGH: {
    behind:
      '70 % of the connections that the process may hold are open (one on the `channel` transport counts as two); told again only after it was below 50 %',
    see: 'ulimit -n',
    fix: 'raise the limit of open files (`ulimit -n`)',
  },
  KPF_HOLD_TIMEOUT: {
    behind:
      'connections were reset since nothing could serve them for `hold.timeout`, or for longer than `hold.window`; said once, then counted, and said again after 15 minutes',
    see: TRACE,
    fix: "see the forward's state",
  },
  KPF_WATCH: { behind: 'files cannot be watched by events; they are polled', see: 'sysctl fs.inotify', fix: 'nothing; or raise the limits' },
  KPF_CONTROL: {
    behind: 'this run has no control socket, since the machine has no private folder for it: kpf ps, down and others do not see it',
    see: 'ls -ld ~/.local/state/kpf',
    fix: 'make that folder your own, with mode 0700; or name another with XDG_STATE_HOME',
  },
  KPF_PORTS_FILE: { behind: 'the file of `--ports-file` cannot be written', see: 'ls -ld FOLDER', fix: 'name a file in a folder that you can write to' },
  KPF_NOTIFY: {
    behind: 'a service manager wants to be told that kpf is ready (`NOTIFY_SOCKET` is set), and the program that tells it does not',
    see: 'systemd-notify --version',
    fix: 'install systemd-notify (of systemd) in PATH, set `NotifyAccess=all` in the unit, or use `Type=exec`',
  },
  KPF_INTERNAL: {
    behind: 'a mistake in kpf itself has ended a run in the background; where it was met is in the file beside the log',
    see: 'kpf logs',
    fix: 'report it, and start again: kpf up -d',
  },
} as const satisfies Readonly<Record<FailureCode | OtherCode, Entry>>
