// Facts about this device and its organisation, and the way to leave.
import type { Device } from '../../../shared/model/device.ts';
import { isHeldByFile, mayAddOrganisation } from '../../../shared/model/managed.ts';
import { words } from '../../text/common.ts';
import { deviceText as firstLaunchText } from '../../text/first-launch.ts';
import { managedText } from '../../text/managed.ts';
import { deviceText } from '../../text/shell.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Fingerprint } from '../../ui/Fingerprint.tsx';
import { useTruth } from '../../window-context.tsx';
import { Certificates } from './Certificates.tsx';
import { Fact, FactGroup } from './Facts.tsx';
import { PostureFacts } from './PostureFacts.tsx';
import { SessionFacts } from './SessionFacts.tsx';
import { UnregisterDialog } from './UnregisterDialog.tsx';
import './device.css';

export function DevicePage({ device }: { device: Extract<Device, { status: 'registered' }> }) {
  const app = useTruth(({ app }) => app);
  const isHeld = useTruth(({ slices }) => isHeldByFile(slices.managed, device));
  const mayAdd = useTruth(({ slices }) => mayAddOrganisation(slices.managed));
  const { organisation } = device;
  const ownership = firstLaunchText.ownerships(organisation.name)[device.device.ownership];
  return (
    <main className="page-scroll">
      <header className="page-head">
        <div>
          <h1>{deviceText.title}</h1>
          <p className="sub">{device.device.name}</p>
        </div>
      </header>
      <div className="fact-groups">
        {device.renewalFailed && <ErrorNote error={device.renewalFailed} tone="warn" />}
        <PostureFacts posture={device.posture} />
        <SessionFacts />
        <FactGroup title={deviceText.groups.device}>
          <Fact term={deviceText.ownership}>{ownership}</Fact>
          <Fact term={deviceText.id} copy={device.device.id}>
            <code>{device.device.id}</code>
          </Fact>
          <Fact term={deviceText.version}>{app.version}</Fact>
        </FactGroup>
        <FactGroup title={deviceText.groups.organisation}>
          <Fact term={deviceText.organisation}>{organisation.name}</Fact>
          <Fact term={deviceText.host}>{organisation.host}</Fact>
          <Fact term={deviceText.fingerprint}>
            <Fingerprint value={organisation.rootFingerprint} label={deviceText.fingerprint} />
          </Fact>
        </FactGroup>
        <FactGroup title={deviceText.groups.files}>
          <Fact term={deviceText.secrets}>{deviceText.secretKinds[device.secrets]}</Fact>
          <Fact term={deviceText.folder} copy={app.certificatesFolder} help={deviceText.folderHelp}>
            <code>{app.certificatesFolder}</code>
          </Fact>
        </FactGroup>
        <Certificates />
        {!mayAdd && <p className="sub">{managedText.oneOnly}</p>}
        <div className="leave">
          <p className="sub">
            {isHeld ? managedText.held : deviceText.unregisterHelp(organisation.name)}
          </p>
          {!isHeld && (
            <UnregisterDialog
              organisation={organisation.name}
              trigger={<Button look="danger">{words.leave}</Button>}
            />
          )}
        </div>
      </div>
    </main>
  );
}
