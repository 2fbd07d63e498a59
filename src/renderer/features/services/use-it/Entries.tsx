// What can be set up for a service on this computer: an entry for ssh, a cluster for kubectl.
import type { ConfigEntries } from '../../../../shared/model/program.ts';
import type { Service } from '../../../../shared/model/service.ts';
import { waysText } from '../../../text/ways.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { EntrySwitch } from './EntrySwitch.tsx';
import type { ProgramsInView } from './use-programs.ts';

export function Entries({ service, programs }: { service: Service; programs: ProgramsInView }) {
  const { ssh, kubernetes } = programs;
  return (
    <>
      {service.type === 'SSH' && ssh && <SshEntry {...{ service, programs, ssh }} />}
      {service.type === 'K8S' && service.kubeCa !== undefined && kubernetes && (
        <Cluster {...{ service, programs, kubernetes }} />
      )}
      {programs.error && <ErrorNote error={programs.error} actions={{}} />}
    </>
  );
}

const entryOf = ({ entries }: ConfigEntries, { id }: Service) =>
  entries.find(({ service }) => service === id);

function SshEntry(props: { service: Service; programs: ProgramsInView; ssh: ConfigEntries }) {
  const { service, programs, ssh } = props;
  const entry = entryOf(ssh, service);
  const { sshCertificates = 'TRUSTCERT', keepsOutOfSshConfig } = service;
  return (
    <>
      {!keepsOutOfSshConfig && (
        <EntrySwitch
          label={waysText.sshEntry}
          help={
            entry
              ? waysText.sshEntryOn(entry.name, ssh.file)
              : waysText.sshEntryOff(service.sshHosts ?? service.name, ssh.file)
          }
          isOn={entry !== undefined}
          onChange={(isOn) => programs.setSsh(service.id, isOn)}
        />
      )}
      {sshCertificates !== 'TRUSTCERT' && <p className="sub">{waysText.sshCertificates}</p>}
    </>
  );
}

function Cluster(props: { service: Service; programs: ProgramsInView; kubernetes: ConfigEntries }) {
  const { service, programs, kubernetes } = props;
  const entry = entryOf(kubernetes, service);
  return (
    <EntrySwitch
      label={waysText.cluster}
      help={
        entry
          ? waysText.clusterOn(entry.name, kubernetes.file)
          : waysText.clusterOff(service.kubeCluster ?? service.name, kubernetes.file)
      }
      isOn={entry !== undefined}
      onChange={(isOn) => programs.setKubernetes(service.id, isOn)}
    />
  );
}
