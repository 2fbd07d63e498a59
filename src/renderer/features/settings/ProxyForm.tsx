// Through which proxy the organisation is reached. An own one holds only once it is whole, so it has a button; what is
// wrong with it is said while it is typed, after a first pause at the field.
import { type FormEvent, useState } from 'react';
import { type ProxySetting, readProxyAddress } from '../../../shared/model/settings.ts';
import { settingsText } from '../../text/settings.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Field } from '../../ui/Field.tsx';
import { Segments } from '../../ui/Segments.tsx';
import { useCall } from '../../window-context.tsx';
import { SettingRow } from './SettingRow.tsx';

const KINDS = ['system', 'none', 'own'] as const;

export function ProxyForm({ proxy, by }: { proxy: ProxySetting; by: string | null }) {
  /** Chosen, and not kept yet. */
  const [wanted, setWanted] = useState<ProxySetting['kind'] | null>(null);
  const kind = wanted ?? proxy.kind;
  const change = useCall('settings.change');
  const choose = async (chosen: ProxySetting['kind']): Promise<void> => {
    setWanted(chosen);
    change.forget();
    if (chosen === 'own') return;
    await change.run({ proxy: { kind: chosen } });
    setWanted(null);
  };
  return (
    <>
      <SettingRow by={by} label={settingsText.proxy} help={settingsText.proxiesHelp[kind]}>
        {({ labelledBy, locked }) => (
          <Segments
            labelledBy={labelledBy}
            value={kind}
            choices={KINDS.map((each) => [each, settingsText.proxies[each]])}
            disabled={locked}
            onChange={(chosen) => void choose(chosen)}
          />
        )}
      </SettingRow>
      {kind === 'own' && <OwnProxy proxy={proxy} locked={by !== null} change={change} />}
      {change.error && (
        <div className="setting-problem">
          <ErrorNote error={change.error} />
        </div>
      )}
    </>
  );
}

function OwnProxy(props: {
  proxy: ProxySetting;
  locked: boolean;
  change: ReturnType<typeof useCall<'settings.change'>>;
}) {
  const { proxy, locked, change } = props;
  const kept = proxy.kind === 'own' ? proxy : { address: '', user: '', hasPassword: false };
  const [address, setAddress] = useState(kept.address);
  const [user, setUser] = useState(kept.user);
  const [password, setPassword] = useState('');
  const [saved, setSaved] = useState(false);
  const at = readProxyAddress(address);
  const problem = typeof at === 'string' && address !== '' ? settingsText.proxyProblems[at] : null;
  const keepsPassword = kept.hasPassword && kept.address === address && kept.user === user;
  const typed = (set: (text: string) => void) => (event: { target: { value: string } }) => {
    set(event.target.value);
    setSaved(false);
  };
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (typeof at === 'string') return;
    const secret = keepsPassword && password === '' ? {} : { password };
    if (!(await change.run({ proxy: { kind: 'own', address, user, ...secret } }))) return;
    setPassword('');
    setSaved(true);
  };
  const input = { className: 'input', disabled: locked, autoComplete: 'off', spellCheck: false };
  return (
    <form className="proxy-form" onSubmit={(event) => void save(event)}>
      <Field
        label={settingsText.proxyAddress}
        help={settingsText.proxyAddressHelp}
        problem={problem}
      >
        {(ids) => <input {...ids} {...input} value={address} onChange={typed(setAddress)} />}
      </Field>
      <div className="proxy-login">
        <Field label={settingsText.proxyUser} help={settingsText.proxyUserHelp}>
          {(ids) => <input {...ids} {...input} value={user} onChange={typed(setUser)} />}
        </Field>
        <Field
          label={settingsText.proxyPassword}
          help={keepsPassword ? settingsText.proxyPasswordKept : settingsText.proxyPasswordHelp}
        >
          {(ids) => (
            <input
              {...ids}
              {...input}
              type="password"
              value={password}
              onChange={typed(setPassword)}
            />
          )}
        </Field>
      </div>
      <div className="proxy-foot">
        <Button
          type="submit"
          look="primary"
          busy={change.pending}
          disabled={locked || typeof at === 'string'}
        >
          {settingsText.proxySave}
        </Button>
        <p className="sub" aria-live="polite">
          {saved && !change.error ? settingsText.proxySaved : ''}
        </p>
      </div>
    </form>
  );
}
