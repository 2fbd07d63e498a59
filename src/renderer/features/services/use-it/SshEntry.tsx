// The switch for an entry in the person's SSH configuration, and a sentence about what is written where.
import { useId } from 'react';
import type { ConfigEntry } from '../../../../shared/model/program.ts';
import type { Service } from '../../../../shared/model/service.ts';
import { waysText } from '../../../text/ways.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { Switch } from '../../../ui/Switch.tsx';
import type { ProgramsInView } from './use-programs.ts';

export function SshEntry(props: {
  service: Service;
  programs: ProgramsInView;
  entry: ConfigEntry | undefined;
  file: string;
}) {
  const { service, programs, entry, file } = props;
  const { sshCertificates = 'TRUSTCERT', keepsOutOfSshConfig } = service;
  const id = useId();
  const hosts = service.sshHosts ?? service.name;
  return (
    <>
      {!keepsOutOfSshConfig && (
        <div className="entry">
          <div className="entry-words">
            <span id={id}>{waysText.sshEntry}</span>
            <p id={`${id}-help`} className="sub">
              {entry ? waysText.sshEntryOn(entry.name, file) : waysText.sshEntryOff(hosts, file)}
            </p>
          </div>
          <Switch
            labelledBy={id}
            describedBy={`${id}-help`}
            on={entry !== undefined}
            onChange={(isOn) => programs.setSsh(service.id, isOn)}
          />
        </div>
      )}
      {sshCertificates !== 'TRUSTCERT' && <p className="sub">{waysText.sshCertificates}</p>}
      {programs.error && <ErrorNote error={programs.error} actions={{}} />}
    </>
  );
}
