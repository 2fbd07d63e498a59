// A link has asked for a service: nothing is opened or connected without a yes.
import type { ServiceLink } from '../../../shared/model/service-link.ts';
import { servicesText } from '../../text/services.ts';
import { Confirm } from '../../ui/Confirm.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { useCall, useSetView, useTruth } from '../../window-context.tsx';
import { useOpenPage } from './use-open-page.ts';

export function LinkDialog() {
  const link = useTruth(({ slices }) => slices.links.service);
  // A new question each: what went wrong with the one before is not about this one.
  return link && <Question key={`${link.wants} ${link.service}`} link={link} />;
}

function Question({ link: { wants, service: id } }: { link: ServiceLink }) {
  const service = useTruth(({ slices }) => slices.catalog.services.find((each) => each.id === id));
  const organisation = useTruth(({ slices: { device } }) =>
    device.status === 'registered' ? device.organisation.name : '',
  );
  const calls = { open: useOpenPage(), connect: useCall('tunnel.open') };
  const dismiss = useCall('link.dismiss');
  const setView = useSetView();
  const text = servicesText.link[wants];
  const call = calls[wants];
  return (
    <Confirm
      open
      onOpenChange={(isOpen) => {
        if (!isOpen) void dismiss.run({ asksFor: 'service' });
      }}
      title={text.title(service?.friendlyName ?? id)}
      yes={text.yes}
      look="primary"
      busy={call.pending}
      problem={call.error && <ErrorNote error={call.error} />}
      onYes={() => {
        // Where it is used is what they want to see next.
        if (wants === 'connect') setView({ page: 'services', selected: id });
        // An error stays on show; a success ends the question.
        void call.run({ service: id });
      }}
    >
      {text.help(organisation)}
    </Confirm>
  );
}
