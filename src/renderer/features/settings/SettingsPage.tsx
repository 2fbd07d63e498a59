// What a person may set for this computer. Nothing here is saved by a button but the proxy: a switch holds at once, and
// goes back by itself where it could not be kept, because it shows what the client says.
import { Building2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Device } from '../../../shared/model/device.ts';
import { isLocked, NOTICE_KINDS, THEMES, WARNING_MINUTES } from '../../../shared/model/settings.ts';
import { settingsText } from '../../text/settings.ts';
import { deviceText } from '../../text/shell.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Segments } from '../../ui/Segments.tsx';
import { useArrival } from '../../ui/use-arrival.ts';
import { useCall, useTruth } from '../../window-context.tsx';
import { AnyLocalUser } from './AnyLocalUser.tsx';
import { ProxyForm } from './ProxyForm.tsx';
import { SettingRow, SwitchRow } from './SettingRow.tsx';
import { UpdatesGroup } from './UpdatesGroup.tsx';
import './settings.css';

export function SettingsPage({ device }: { device: Device }) {
  return (
    <main className="page-scroll">
      <header className="page-head">
        <div>
          <h1>{settingsText.title}</h1>
          <p className="sub">{settingsText.about}</p>
        </div>
      </header>
      <AllSettings device={device} />
    </main>
  );
}

export function AllSettings({ device }: { device: Device }) {
  const shown = useTruth(({ slices }) => slices.settings);
  const desktop = useTruth(({ app }) => app.desktop);
  const change = useCall('settings.change');
  const problem = useArrival(change.error);
  const { values, managed } = shown;
  const { notifications } = values;
  const rowOf = (name: keyof typeof values) => ({
    by: isLocked(shown, name) ? (managed?.by ?? null) : null,
    busy: change.pending,
  });
  return (
    <div className="fact-groups">
      {change.error && (
        <div ref={problem} tabIndex={-1}>
          <ErrorNote error={change.error} />
        </div>
      )}
      {managed && <ManagedNote by={managed.by} />}
      <Group title={settingsText.groups.start}>
        {values.startAtLogin !== null && (
          <SwitchRow
            {...rowOf('startAtLogin')}
            label={settingsText.startAtLogin}
            on={values.startAtLogin}
            onChange={(startAtLogin) => void change.run({ startAtLogin })}
          />
        )}
        {desktop && !desktop.hasTray && (
          <SettingRow label={settingsText.noTray} help={settingsText.noTrayHelp} by={null} />
        )}
        {desktop?.hasTray && (
          <SwitchRow
            {...rowOf('startHidden')}
            label={settingsText.startHidden}
            help={settingsText.startHiddenHelp}
            on={values.startHidden}
            onChange={(startHidden) => void change.run({ startHidden })}
          />
        )}
        <SwitchRow
          {...rowOf('autoConnect')}
          label={settingsText.autoConnect}
          help={settingsText.autoConnectHelp}
          on={values.autoConnect}
          onChange={(autoConnect) => void change.run({ autoConnect })}
        />
      </Group>
      <Group title={settingsText.groups.look}>
        <SettingRow {...rowOf('theme')} label={settingsText.theme}>
          {({ labelledBy, locked }) => (
            <Segments
              labelledBy={labelledBy}
              value={values.theme}
              choices={THEMES.map((theme) => [theme, settingsText.themes[theme]])}
              disabled={locked}
              onChange={(theme) => void change.run({ theme })}
            />
          )}
        </SettingRow>
      </Group>
      <Group title={settingsText.groups.notifications}>
        <SettingRow
          {...rowOf('warnBeforeExpiryMinutes')}
          label={settingsText.warning}
          help={settingsText.warningHelp}
        >
          {({ labelledBy, locked }) => (
            <Segments
              labelledBy={labelledBy}
              value={String(values.warnBeforeExpiryMinutes)}
              choices={WARNING_MINUTES.map((each) => [
                String(each),
                settingsText.warningChoice(each),
              ])}
              disabled={locked}
              onChange={(each) => void change.run({ warnBeforeExpiryMinutes: Number(each) })}
            />
          )}
        </SettingRow>
        {desktop &&
          NOTICE_KINDS.map((kind) => (
            <SwitchRow
              key={kind}
              {...rowOf('notifications')}
              label={settingsText.notices[kind]}
              help={settingsText.noticesHelp[kind]}
              on={notifications[kind]}
              onChange={(on) =>
                void change.run({ notifications: { ...notifications, [kind]: on } })
              }
            />
          ))}
      </Group>
      <Group title={settingsText.groups.network}>
        <ProxyForm proxy={values.proxy} by={rowOf('proxy').by} />
      </Group>
      <Group title={settingsText.groups.updates}>
        <UpdatesGroup row={rowOf('updates')} on={values.updates} change={change} />
      </Group>
      <Group title={settingsText.groups.secrets}>
        {device.status === 'registered' ? (
          <SettingRow
            by={null}
            label={deviceText.secretKinds[device.secrets]}
            help={settingsText.secretsChange(device.organisation.name)}
          />
        ) : (
          <SettingRow by={null} label={settingsText.secrets} help={settingsText.secretsLater} />
        )}
      </Group>
      <Group title={settingsText.groups.unsafe}>
        <AnyLocalUser {...rowOf('anyLocalUser')} on={values.anyLocalUser} change={change} />
      </Group>
    </div>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h2 className="group-name">{title}</h2>
      <div className="setting-list">{children}</div>
    </section>
  );
}

function ManagedNote({ by }: { by: string }) {
  return (
    <div className="managed">
      <Building2 size={17} aria-hidden />
      <div>
        <b>{settingsText.managed(by)}</b>
        <p className="sub">{settingsText.managedHelp(by)}</p>
      </div>
    </div>
  );
}
