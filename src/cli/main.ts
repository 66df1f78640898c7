// The command `glorot`.
import { Command, CommanderError } from 'commander'
import { buildInfo } from '../core/info.js'
import { doctor } from './doctor.js'
import { info } from './info.js'

/** The command was called wrongly, as shells say it. */
const USAGE = 2

const examples = `
Examples:
  glorot doctor train.ts                        why does it not learn?
  glorot doctor train.mjs --html report.html    with charts, to open in a browser
  glorot doctor train.js --json > report.json   the script's own output goes to stderr
  glorot doctor train.js -- --epochs 3          what follows -- is the script's

Exit code: the script's own where that is not 0; else 1 if a finding is an error; 2 if the command
was called wrongly; otherwise 0.`

function commands(): Command {
  const program = new Command('glorot')
    .description('PyTorch for Node.js, and the doctor that says why a network does not learn')
    .version(buildInfo().version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError('(glorot --help says what there is)')
  program
    .command('doctor')
    .summary('run a training script and say why it does not learn')
    .description(
      'Runs a training script unchanged and watches every optimizer and module in it. When the script ends, prints what keeps ' +
        'the network from learning, root causes first, with the figures that show it and what to change.',
    )
    .argument('<script>', 'the training script: .js, .mjs, .cjs, .ts or .mts')
    .argument('[args...]', 'arguments of the script, after --')
    .option('--html <file>', 'write the report as a page with charts, one file that needs no network')
    .option('--json', 'print the report as JSON instead of text')
    .option('--serve', 'show the run on a page at 127.0.0.1 while it goes on')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', examples)
    .action(doctor)
  program
    .command('info')
    .summary('print version, instruction set, threads and Node')
    .description('Prints what this installation of glorot runs on: what to say when you report a bug.')
    .option('--json', 'print it as JSON')
    .helpOption('-h, --help', 'print this help')
    .action(info)
  for (const command of [program, ...program.commands]) command.exitOverride()
  return program
}

/** Runs the command with these arguments. Sets the exit code. */
export async function main(args: readonly string[]): Promise<void> {
  const program = commands()
  try {
    if (args.length === 0) program.outputHelp()
    else await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : USAGE
  }
}
