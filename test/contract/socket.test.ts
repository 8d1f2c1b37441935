import { contract } from './suite.js'
import { subjects } from './subjects.js'

contract(subjects)
