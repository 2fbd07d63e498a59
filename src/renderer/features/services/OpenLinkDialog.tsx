// A link has asked for a web service: nothing is opened without a yes.
import { servicesText } from '../../text/services.ts';
import { Confirm } from '../../ui/Confirm.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { useCall, useMirror, useTruth } from '../../window-context.tsx';

export function OpenLinkDialog() {
  const id = useTruth(({ app }) => app.pendingOpen);
  const service = useTruth(({ slices }) => slices.catalog.services.find((each) => each.id === id));
  const organisation = useTruth(({ slices: { device } }) =>
    device.status === 'registered' ? device.organisation.name : '',
  );
  const open = useCall('service.open');
  const dismiss = useCall('service.dismissLink');
  const mirror = useMirror();
  if (id === null) return null;
  const forget = async (): Promise<void> => {
    await dismiss.run({});
    await mirror.refetch();
  };
  return (
    <Confirm
      open
      onOpenChange={(isOpen) => {
        if (!isOpen) void forget();
      }}
      title={servicesText.openTitle(service?.friendlyName ?? id)}
      yes={servicesText.open}
      look="primary"
      busy={open.pending}
      problem={open.error && <ErrorNote error={open.error} />}
      onYes={() => {
        // `undefined` is also what it resolves with: an error stays on show, a success ends the question.
        void open.run({ service: id }).then(() => mirror.refetch());
      }}
    >
      {servicesText.openHelp(organisation)}
    </Confirm>
  );
}
