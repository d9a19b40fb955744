/** What the codes of the forwards file mean. Data only; `catalogue.ts` joins and prints it. */
import type { Entry } from './catalogue.ts'

const CHECK = 'kpf check'

/** By code, in the order in which a file is read. */
export const fileCodes = {
  KPF_FILE_MISSING: { behind: 'there is no such file', see: 'ls -l FILE', fix: 'name another with -f' },
  KPF_FILE_KIND: { behind: 'a directory, a pipe or a device was named', see: 'ls -ld FILE', fix: 'name a regular file' },
  KPF_FILE_UNREADABLE: { behind: 'the file cannot be read', see: 'ls -l FILE; id', fix: 'correct its owner or mode' },
  KPF_FILE_EMPTY: { behind: 'there is nothing in the file', see: 'cat FILE', fix: 'restore it; `forwards: {}` stops all' },
  KPF_FILE_SIZE: { behind: 'the file has more than 1 MiB', see: 'ls -l FILE', fix: 'split the project' },
  KPF_FILE_ENCODING: { behind: 'the file is not UTF-8, or holds a NUL character', see: 'file FILE', fix: 'save it as UTF-8' },
  KPF_YAML_SYNTAX: { behind: 'the text is not YAML', see: CHECK, fix: 'see the caret; quote what holds `{`, `}` or `: `' },
  KPF_YAML_TAB: { behind: 'a tab is used for indentation', see: CHECK, fix: 'use spaces' },
  KPF_YAML_CONFLICT: { behind: 'a conflict marker of git is in the file', see: 'git diff --check', fix: 'resolve the merge conflict' },
  KPF_YAML_DOCUMENTS: { behind: 'the file holds more than one document', see: CHECK, fix: 'remove what follows `---`' },
  KPF_YAML_TAG: { behind: 'a tag or a directive is used', see: CHECK, fix: 'write the plain value' },
  KPF_YAML_ALIAS: { behind: 'an alias has no anchor, or holds itself', see: CHECK, fix: 'define the anchor above' },
  KPF_YAML_LIMIT: { behind: 'nested too deep, too many values, or too many forwards', see: CHECK, fix: 'split or flatten the file' },
  KPF_INTERPOLATION: { behind: 'a `$` in a value begins no variable', see: CHECK, fix: 'write `${NAME}` or `${NAME:-default}`; `$$` is a dollar' },
  KPF_VARIABLE_UNSET: { behind: 'a variable has no value, and no default stands beside it', see: CHECK, fix: 'set it, or write `${NAME:-default}`' },
  KPF_ENV_FILE: { behind: 'a file of variables is not there, or a line of it is not `NAME=value`', see: CHECK, fix: 'see the message; values are not shown' },
  KPF_INCLUDE: { behind: 'an included file is not there, includes itself, or cannot be had', see: CHECK, fix: 'see the files in the message' },
  KPF_KEY_DUPLICATE: { behind: 'a key is given twice', see: CHECK, fix: 'remove or rename one' },
  KPF_KEY_RESERVED: { behind: '`__proto__`, `constructor` or `prototype` is a key', see: CHECK, fix: 'choose another name' },
  KPF_KEY_UNKNOWN: { behind: 'the language has no such key here', see: 'kpf schema', fix: 'see the suggestion' },
  KPF_PLANNED: { behind: 'a field of a later version is used', see: 'kpf version', fix: 'remove it' },
  KPF_API_VERSION: { behind: 'the file is for a newer kpf', see: 'kpf version', fix: 'upgrade, or write `apiVersion: kpf/v1`' },
  KPF_VALUE: { behind: 'a value is of the wrong kind, or out of range', see: CHECK, fix: 'see the message' },
  KPF_VALUE_MISSING: { behind: 'nothing stands after a key', see: CHECK, fix: 'write the value' },
  KPF_DURATION: { behind: 'a text is no duration', see: CHECK, fix: 'write `500ms`, `10s`, `5m`, `1h30m`' },
  KPF_NAME: {
    behind: 'a text is no name, differs from another in case only, or another file has taken it',
    see: CHECK,
    fix: 'use lower-case letters, digits and `-`; `prefix` of an include',
  },
  KPF_NAMESPACE: { behind: 'a text is no namespace', see: 'kubectl get namespaces', fix: 'use lower-case letters, digits and `-`' },
  KPF_TARGET: { behind: 'there is no target, its kind is unknown, or it has no name', see: CHECK, fix: 'write `svc/NAME`, `deploy/NAME`, `pod/NAME`' },
  KPF_SELECTOR: { behind: 'a text is no label selector', see: 'kubectl get pods -l SELECTOR', fix: 'write `app=web,tier!=cache`' },
  KPF_PORT: { behind: 'a text is no port, or has no local number', see: CHECK, fix: 'write `LOCAL:REMOTE`' },
  KPF_PORT_TAKEN: { behind: 'two forwards are on one local endpoint', see: CHECK, fix: 'give one of them another `localPort`' },
  KPF_ADDRESS: { behind: 'a text is no address to bind', see: 'ip address', fix: 'write an IP, or `localhost`' },
  KPF_SHORT_FORM: { behind: 'the one-line form cannot be read', see: CHECK, fix: 'write it as for `kubectl port-forward`' },
  KPF_CLUSTER_ALIAS: { behind: 'the file has no such alias', see: CHECK, fix: 'define it under `clusters:`' },
  KPF_APPROVAL: {
    behind: 'the file names a kubeconfig, an open address, a low port or a file outside of the project',
    see: CHECK,
    fix: 'change it, use a flag, or approve it with `kpf trust`',
  },
  KPF_PROTECTED: {
    behind: 'an edit starts a forward of a protected cluster, which nobody was asked about in this run',
    see: CHECK,
    fix: 'start `kpf up` again',
  },
  KPF_DEPENDS_ON: { behind: '`dependsOn` names nobody, itself, a circle, or what is not started', see: CHECK, fix: 'correct the name, or remove one' },
  KPF_REFERENCE: { behind: '`$(…)` names a forward, a field or a port that is not there', see: 'kpf config', fix: 'see what is there in the message' },
} as const satisfies Readonly<Record<string, Entry>>
