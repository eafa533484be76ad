// Why this exists: after files are put into a container its operating system is looked at: the type
// is corrected, the architecture found out (PVE::LXC::Setup).
import type {Job} from '../qemu/volumes.ts';

/** Set ostype and arch as the files say, logging what is found. */
export function setUpSystem(job: Job, config: Map<string, string>, found: string): void {
  const wanted = config.get('ostype');
  if (wanted !== 'unmanaged') {
    if (found === 'unmanaged') {
      const file = '/etc/os-release file not found and autodetection failed';
      job.log(`${file}, falling back to 'unmanaged'`);
    }
    if (wanted !== undefined && wanted !== found) {
      job.log(`got unexpected ostype (${found} != ${wanted})`);
    }
    config.set('ostype', found);
  }
  if (config.has('arch')) return;
  if (config.get('ostype') === 'unmanaged') logUnknownArchitecture(job);
  else job.log('Detected container architecture: amd64');
  config.set('arch', 'amd64');
}

/** The recorded 8.4 has no way to find it out for an unmanaged container. */
function logUnknownArchitecture(job: Job): void {
  if (job.cluster.version === '8.4') {
    job.log('implement me in sub-class');
    job.log(' at /usr/share/perl5/PVE/LXC/Setup.pm line 146.');
    job.log('Architecture detection failed: error in setup task (eval)');
  }
  job.log('Falling back to amd64.');
  job.log('Use `pct set VMID --arch ARCH` to change.');
}

/** What every container has at least. */
export function putDefaults(config: Map<string, string>, vmid: number): void {
  if ((config.get('hostname') ?? ' ') === ' ') config.set('hostname', `CT${vmid}`);
  if (!config.has('memory')) config.set('memory', '512');
  if (!config.has('swap')) config.set('swap', '512');
}
