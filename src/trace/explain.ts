/** What each part of the flow is, for somebody who sees it for the first time. Pure. */
import type { SectionId } from './account.ts'

export const explanations: Readonly<Record<SectionId, string>> = {
  initialization:
    'Everything begins with two files. The forwards file says what is wanted; the kubeconfig says which API server that is on, and as whom to ask. A context is a name for one server, one user and one namespace. Nothing has been sent so far.',
  access:
    'kpf gets a credential (a certificate, a token, or what a plugin prints), connects to the API server, and the server says who that is: authentication. What this user may do is another question, authorization: roles grant verbs on resources in a namespace. A port-forward needs the verbs to find the pod, and get or create on pods/portforward.',
  lookup:
    'A port-forward always ends in one pod. A Service or a Deployment is only a way to find it: its selector picks pods by their labels, and kpf takes one that is ready. The port of a Service is translated to that of the pod here, which is why no load is balanced: the Service itself is never asked.',
  establishment:
    'kpf asks the API server for pods/NAME/portforward and, in the same HTTP request, to change the protocol: to WebSocket with a GET, or to SPDY with a POST in older clusters. The answer 101 means that this TCP connection is now a tunnel. The API server passes it on to the kubelet of the node that the pod runs on; a ping through the tunnel proves that the other end is there.',
  node: "On the node the kubelet asks the container runtime, which enters the pod's network namespace and connects to the port on its loopback address, as a program inside the pod would. It is often told that iptables rules are made for this: none are. So a program that listens on 127.0.0.1 only is reached as well, and a port where nothing listens is refused here, not earlier.",
  session:
    'From now on bytes go both ways. Many connections share the tunnel: each has a pair of streams, one for its bytes and one on which the node can say what went wrong. An end or an error of one of them leaves the others alone.',
}
